using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Looks how many AMR frames a 3GP packs into one sample: of several, ffmpeg decodes the first alone, and says nothing.</summary>
internal sealed class AmrPacking
{
    // 3GPP TS 26.244, AMRSpecificBox: its length and name, vendor (4), decoder (1), modes (2), changes of mode (1), frames per sample (1).
    private const int BoxBytes = 17;

    private readonly byte[] _seam = new byte[2 * (BoxBytes - 1)];
    private int _framesPerSample;

    private static ReadOnlySpan<byte> BoxHeader => "\0\0\0\u0011damr"u8;

    /// <summary>Looks on.</summary>
    /// <param name="bytes">The next bytes of the recording.</param>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        // The end of the block before, then the beginning of this one: a box may lie across.
        int seamBytes = BoxBytes - 1;
        _seam.AsSpan(seamBytes).CopyTo(_seam);
        _seam.AsSpan(seamBytes).Clear();
        bytes[..Math.Min(seamBytes, bytes.Length)].CopyTo(_seam.AsSpan(seamBytes));
        Find(_seam);
        Find(bytes);
        if (bytes.Length >= seamBytes)
            bytes[^seamBytes..].CopyTo(_seam.AsSpan(seamBytes));
    }

    /// <summary>Refuses what would lose most of its sound.</summary>
    /// <exception cref="InvalidAudioException">There are several frames a sample.</exception>
    public void ThrowIfSeveral()
    {
        if (_framesPerSample > 1)
        {
            throw new InvalidAudioException(
                $"The 3GP packs {_framesPerSample} frames of AMR into each sample, of which ffmpeg decodes only the first. Unpack it: "
                + $"ffmpeg -i {Conversion.File} -c copy out.amr");
        }
    }

    private void Find(ReadOnlySpan<byte> bytes)
    {
        int at = bytes.IndexOf(BoxHeader);
        if (at >= 0 && at + BoxBytes <= bytes.Length)
            _framesPerSample = bytes[at + BoxBytes - 1];
    }
}
