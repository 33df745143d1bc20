namespace NrSer.Core.Audio.Input;

/// <summary>A recording being decoded from start to end, once.</summary>
public interface IAudioReader : IAsyncDisposable
{
    /// <summary>Known before the first sample is read.</summary>
    AudioFormat Format { get; }

    /// <summary>What was noticed so far that does not keep the sound from being used, a sentence each; all of it once the end was read.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>How much sound the recording should hold beyond what was read; null when nothing is known to be missing.</summary>
    double? MissingSeconds { get; }

    /// <summary>Reads the next whole frames, interleaved, full scale = 1; samples may exceed it where the encoding can.</summary>
    /// <param name="interleaved">Room for at least one frame; anything behind its last whole frame stays untouched.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Samples written, a multiple of the channel count; 0 at the end only.</returns>
    /// <exception cref="InvalidAudioException">The recording is damaged here; what was read before is sound.</exception>
    ValueTask<int> ReadAsync(Memory<float> interleaved, CancellationToken cancellationToken);
}

/// <summary>What a recording is made of, as found in its own header.</summary>
/// <param name="SampleRateHz">Frames per second.</param>
/// <param name="Channels">Samples per frame.</param>
/// <param name="Encoding">Container and sample encoding for people, e.g. <c>wav pcm16</c> or <c>mp3</c>.</param>
public sealed record AudioFormat(int SampleRateHz, int Channels, string Encoding);
