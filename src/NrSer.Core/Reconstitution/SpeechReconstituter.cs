using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Core.Segmentation;
using NrSer.Core.Signal;
using NrSer.Core.Snr;

namespace NrSer.Core.Reconstitution;

/// <summary>The first half of the method: enhance a chunk, cut it, score each segment, mix by the scores.</summary>
/// <param name="enhancer">The SE block.</param>
/// <param name="snrLevel">The SNR-level block.</param>
/// <param name="options">Lengths, silence and cross-fade.</param>
/// <param name="threads">Segments in work at once, at least 1.</param>
/// <param name="screen">What hears everything first; null lets the enhancer hear everything.</param>
public sealed class SpeechReconstituter(
    ISpeechEnhancer enhancer, SnrLevelBlock snrLevel, SegmentationOptions options, int threads, Screen? screen = null)
{
    /// <summary>The same, but that the enhancer hears everything.</summary>
    public SpeechReconstituter WithoutScreen() => new(enhancer, snrLevel, options, threads);

    /// <summary>All three steps: x̂, its segments and scores, y.</summary>
    /// <param name="chunk">x, [samples], 16 kHz.</param>
    /// <param name="wholeAsOne">Takes the chunk as one segment instead of cutting it at pauses.</param>
    /// <param name="cancellationToken">Checked once per block and segment.</param>
    public ReconstitutedChunk Reconstitute(ReadOnlyMemory<float> chunk, bool wholeAsOne, CancellationToken cancellationToken)
    {
        MemoryOwner<float> audio = ChunkMemory.Rent(chunk.Length); // x̂ first, y in the same place later
        try
        {
            Enhance(chunk, audio.Memory, cancellationToken);
            ScoredSegment[] segments = Score(chunk, audio.Memory, wholeAsOne, cancellationToken);
            Blend(chunk.Span, audio.Span, segments);
            return new ReconstitutedChunk(audio, segments);
        }
        catch
        {
            audio.Dispose();
            throw;
        }
    }

    /// <summary>Step 1: x̂ of a chunk; where there is a screen, its x̂.</summary>
    /// <param name="chunk">x, [samples], 16 kHz.</param>
    /// <param name="enhanced">Receives x̂, [samples]; must not overlap <paramref name="chunk"/>.</param>
    /// <param name="cancellationToken">Checked once per block.</param>
    public void Enhance(ReadOnlyMemory<float> chunk, Memory<float> enhanced, CancellationToken cancellationToken) =>
        (screen?.Enhancer ?? enhancer).Enhance(chunk, enhanced, cancellationToken);

    /// <summary>
    /// Step 2: cuts the chunk at pauses of x̂ and scores every segment. What the screen does not decide is enhanced and scored again.
    /// </summary>
    /// <param name="chunk">x, [samples], 16 kHz.</param>
    /// <param name="enhanced">x̂ of step 1, [samples]; receives that of the enhancer where the screen does not decide.</param>
    /// <param name="wholeAsOne">Takes the chunk as one segment instead.</param>
    /// <param name="cancellationToken">Checked once per segment.</param>
    /// <returns>In order of time; empty when the chunk is shorter than 0.5 s.</returns>
    public ScoredSegment[] Score(ReadOnlyMemory<float> chunk, Memory<float> enhanced, bool wholeAsOne, CancellationToken cancellationToken)
    {
        SegmentSpan[] spans = wholeAsOne ? Whole(chunk.Length) : Segmenter.Split(enhanced.Span, options);
        var segments = new ScoredSegment[spans.Length];
        SnrLevelBlock first = screen?.SnrLevel ?? snrLevel;
        ParallelWork.For(spans.Length, threads, i => segments[i] = Score(first, spans[i], chunk.Span, enhanced.Span), cancellationToken);
        if (screen is null)
            return segments;
        for (int i = 0; i < segments.Length; i++)
            segments[i] = segments[i] with { IsScreened = !segments[i].IsSpeech || segments[i].Weight.Value >= 1 };
        EnhanceAgain(chunk, enhanced, segments, cancellationToken);
        ParallelWork.For(segments.Length, threads, i =>
        {
            if (!segments[i].IsScreened)
                segments[i] = Score(snrLevel, spans[i], chunk.Span, enhanced.Span);
        }, cancellationToken);
        return segments;
    }

    /// <summary>Makes x̂ what it was when segments were decided by an earlier run: that of the enhancer where the screen did not decide.</summary>
    /// <param name="chunk">x, [samples], 16 kHz.</param>
    /// <param name="enhanced">x̂ of step 1, [samples].</param>
    /// <param name="segments">As they were decided.</param>
    /// <param name="cancellationToken">Checked once per block.</param>
    public void EnhanceAgain(
        ReadOnlyMemory<float> chunk, Memory<float> enhanced, IReadOnlyList<ScoredSegment> segments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(segments);
        if (screen is null)
            return;
        int fade = FadeSamples; // a neighbour's mix slides from here over so much of it
        for (int first = 0, last; first < segments.Count; first = last + 1)
        {
            last = first;
            if (segments[first].IsScreened)
                continue;
            while (last + 1 < segments.Count && !segments[last + 1].IsScreened)
                last++;
            int start = Math.Max(0, segments[first].Span.StartSample - fade);
            int end = Math.Min(chunk.Length, segments[last].Span.StartSample + segments[last].Span.Samples + fade);
            enhancer.Enhance(chunk[start..end], enhanced[start..end], cancellationToken);
        }
    }

    /// <summary>Step 3: y by the segments' weights, cross-faded where they change. Without segments y = x̂.</summary>
    /// <param name="chunk">x, [samples], 16 kHz.</param>
    /// <param name="audio">x̂, [samples]; receives y.</param>
    /// <param name="segments">As <see cref="Score(ReadOnlyMemory{float}, Memory{float}, bool, CancellationToken)"/> or an earlier run decided
    /// them.</param>
    public void Blend(ReadOnlySpan<float> chunk, Span<float> audio, IReadOnlyList<ScoredSegment> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        if (segments.Count == 0)
            return;
        WaveformReconstitution.Blend(
            chunk, audio, [.. segments.Select(segment => segment.Span.StartSample)], [.. segments.Select(segment => segment.Weight)],
            FadeSamples, audio);
    }

    private int FadeSamples => (int)(options.CrossFade.TotalSeconds * SegmentGrid.SampleRateHz);

    private static SegmentSpan[] Whole(int samples) => samples < SegmentGrid.ShortestSamples ? [] : [new SegmentSpan(0, samples)];

    private ScoredSegment Score(SnrLevelBlock block, SegmentSpan span, ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced)
    {
        ReadOnlySpan<float> x = original.Slice(span.StartSample, span.Samples);
        ReadOnlySpan<float> xHat = enhanced.Slice(span.StartSample, span.Samples);
        SegmentEvidence evidence = block.Score(x, xHat);

        // Silence is left alone by the enhancer, which looks like perfectly clean speech: it has to be told by its level.
        bool audible = SignalLevel.Dbfs(x) >= options.SilenceBelowDbfs;
        return new ScoredSegment(span, evidence.Score, block.Weigh(evidence.Score), audible && block.Passes(evidence));
    }
}
