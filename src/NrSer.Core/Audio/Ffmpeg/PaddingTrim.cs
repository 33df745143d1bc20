using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Leaves out what an encoder filled up behind the end. If more follows than any encoder fills up, the stated end was wrong.</summary>
/// <param name="wav">The decoded sound.</param>
/// <param name="maxFrames">Where it should end.</param>
internal sealed class PaddingTrim(WavReader wav, long maxFrames)
{
    private const int MaxPaddingFrames = 8192;

    private readonly int _channels = wav.Format.Channels;
    private float[] _held = [];
    private int _heldStart;
    private int _heldEnd;
    private bool _goesOn;

    /// <summary>Samples of one channel handed out.</summary>
    public long Frames { get; private set; }

    /// <inheritdoc cref="Input.IAudioReader.ReadAsync"/>
    public async ValueTask<int> ReadAsync(Memory<float> interleaved, CancellationToken cancellationToken)
    {
        if (Frames >= maxFrames && !_goesOn)
            _goesOn = await HoldAsync(cancellationToken).ConfigureAwait(false);
        int samples;
        if (_goesOn && _heldStart < _heldEnd)
        {
            samples = Math.Min(interleaved.Length / _channels * _channels, _heldEnd - _heldStart);
            _held.AsSpan(_heldStart, samples).CopyTo(interleaved.Span);
            _heldStart += samples;
        }
        else if (Frames >= maxFrames && !_goesOn)
        {
            return 0;
        }
        else
        {
            long frames = _goesOn ? int.MaxValue : maxFrames - Frames;
            int room = (int)Math.Min(interleaved.Length / _channels, frames) * _channels;
            samples = await wav.ReadAsync(interleaved[..room], cancellationToken).ConfigureAwait(false);
        }

        Frames += samples / _channels;
        return samples;
    }

    // True when there is more than padding.
    private async ValueTask<bool> HoldAsync(CancellationToken cancellationToken)
    {
        if (_held.Length == 0)
            _held = new float[MaxPaddingFrames * _channels];
        while (_heldEnd < _held.Length)
        {
            int samples = await wav.ReadAsync(_held.AsMemory(_heldEnd), cancellationToken).ConfigureAwait(false);
            if (samples == 0)
                return false;
            _heldEnd += samples;
        }

        return true;
    }
}
