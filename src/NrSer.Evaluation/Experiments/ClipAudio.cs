using System.Runtime.CompilerServices;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Segmentation;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Experiments;

/// <summary>Opens clips and mixes them, each the same way every time.</summary>
/// <param name="decoder">Reads recordings of any kind.</param>
public sealed class ClipAudio(AudioDecoder decoder)
{
    /// <summary>The longest stretch of a clip that is judged, as with <c>analyze --whole</c>.</summary>
    private const int LongestSamples = 30 * SegmentGrid.SampleRateHz;

    /// <summary>A recording at 16 kHz mono, its first 30 s at most.</summary>
    /// <exception cref="EvaluationException">It cannot be read, or is shorter than 0.5 s.</exception>
    public Task<float[]> ReadAsync(FileInfo file, CancellationToken cancellationToken) => ReadAsync(file, LongestSamples, cancellationToken);

    /// <summary>A recording at 16 kHz mono, or its beginning.</summary>
    /// <param name="file">The recording.</param>
    /// <param name="longest">Samples to read at most.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="EvaluationException">It cannot be read, or is shorter than 0.5 s.</exception>
    public async Task<float[]> ReadAsync(FileInfo file, int longest, CancellationToken cancellationToken)
    {
        try
        {
            FileStream content = file.OpenRead();
            await using ConfiguredAsyncDisposable closing = content.ConfigureAwait(false);
            var hints = new RecordingHints { Name = file.Name };
            SpeechReader speech = await SpeechReader.OpenAsync(decoder, content, hints, ChannelMode.Mix, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closingSpeech = speech.ConfigureAwait(false);
            using MemoryOwner<float> samples = MemoryOwner<float>.Allocate(longest);
            int count = 0, read;
            while (count < samples.Length && (read = await speech.ReadAsync(samples.Memory[count..], cancellationToken).ConfigureAwait(false)) > 0)
                count += read;
            return count >= SegmentGrid.ShortestSamples
                ? samples.Span[..count].ToArray()
                : throw new EvaluationException($"{file} is shorter than 0.5 s.");
        }
        catch (InvalidAudioException error)
        {
            throw new EvaluationException($"{file}: {error.Message}");
        }
    }

    /// <summary>A pair as it is or is to be mixed, and its clean speech, both equally long.</summary>
    public async Task<(float[] Noisy, float[] Clean)> ReadPairAsync(EvaluationClip clip, CancellationToken cancellationToken)
    {
        float[] clean = await ReadAsync(clip.Clean!, cancellationToken).ConfigureAwait(false);
        if (clip.Recording is null)
            return (Mix(clean, await ReadAsync(clip.Noise!, cancellationToken).ConfigureAwait(false), clip.SnrDb!.Value, clip.File.Name), clean);
        float[] noisy = await ReadAsync(clip.Recording, cancellationToken).ConfigureAwait(false);
        return noisy.Length == clean.Length
            ? (noisy, clean)
            : throw new EvaluationException(
                $"{clip.Recording} and {clip.Clean} do not have the same length, so they cannot be compared sample by sample.");
    }

    /// <summary>Speech in noise, from a place in the noise that only the name decides; short noise comes again and again.</summary>
    /// <param name="speech">s, [samples].</param>
    /// <param name="noise">Of any length.</param>
    /// <param name="snrDb">Distance of the active levels.</param>
    /// <param name="name">Of the speech.</param>
    public static float[] Mix(float[] speech, float[] noise, double snrDb, string name)
    {
        int start = StableHash(name) % noise.Length;
        var stretch = new float[speech.Length];
        for (int i = 0; i < stretch.Length; i++)
            stretch[i] = noise[(start + i) % noise.Length];
        NoiseMixing.Mix(speech, stretch, snrDb, stretch);
        return stretch;
    }

    /// <summary>A number that a name has on every machine and in every run, from 0 up (FNV-1a).</summary>
    public static int StableHash(string name)
    {
        uint hash = 2166136261;
        foreach (char letter in name)
            hash = (hash ^ letter) * 16777619;
        return (int)(hash & int.MaxValue);
    }
}
