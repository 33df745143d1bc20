using System.Text.Json.Serialization;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Core.Snr;

namespace NrSer.Pipeline.Chunks;

/// <summary>A chunk's segments, decided once and then read by every later run.</summary>
/// <param name="Enhancer">Model that enhanced, <c>name@version</c>.</param>
/// <param name="SnrLevel">Model that scored.</param>
/// <param name="Segments">In order of time.</param>
/// <param name="ScreenEnhancer">Model that enhanced screened segments; null where there are none, as in earlier versions.</param>
/// <param name="ScreenSnrLevel">Model that scored them.</param>
public sealed record SegmentManifestV1(
    string Enhancer, string SnrLevel, IReadOnlyList<ManifestSegmentV1> Segments, string? ScreenEnhancer = null, string? ScreenSnrLevel = null)
{
    /// <summary>What was decided.</summary>
    /// <param name="enhancer">Model that enhanced.</param>
    /// <param name="snrLevel">Model that scored.</param>
    /// <param name="segments">In order of time.</param>
    public static SegmentManifestV1 Of(string enhancer, string snrLevel, IEnumerable<ScoredSegment> segments) =>
        new(enhancer, snrLevel, [.. segments.Select(segment => new ManifestSegmentV1(
            segment.Span.StartSample, segment.Span.Samples, segment.Score.Value, segment.IsSpeech, segment.Weight.Value, segment.IsScreened))]);

    /// <summary>The segments as the method knows them.</summary>
    public ScoredSegment[] ToSegments() => [.. Segments.Select(segment => new ScoredSegment(
        new SegmentSpan(segment.StartSample, segment.Samples), new SnrScore(segment.SnrScore), MixWeight.Clamp(segment.MixWeight ?? segment.SnrScore),
        segment.IsSpeech, segment.IsScreened))];
}

/// <summary>One segment of a manifest.</summary>
/// <param name="StartSample">From the chunk's start, at 16 kHz.</param>
/// <param name="Samples">Length.</param>
/// <param name="SnrScore">S.</param>
/// <param name="IsSpeech">Whether it passed the gate.</param>
/// <param name="MixWeight">S′; null, as earlier versions wrote it, is clamp(S, 0, 1).</param>
/// <param name="IsScreened">Whether the screen's models decided it.</param>
public sealed record ManifestSegmentV1(
    int StartSample, int Samples, float SnrScore, bool IsSpeech, float? MixWeight = null, bool IsScreened = false);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SegmentManifestV1))]
internal sealed partial class ManifestJsonContext : JsonSerializerContext;
