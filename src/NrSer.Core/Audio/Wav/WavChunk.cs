using System.Buffers.Binary;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Wav;

/// <summary>The header of a chunk: four letters and a length.</summary>
/// <param name="Id">The letters, as a little-endian number.</param>
/// <param name="Bytes">Length of the body, as stated.</param>
internal readonly record struct WavChunk(uint Id, uint Bytes)
{
    public const int HeaderBytes = 8;
    public const int FileHeaderBytes = 12; // RIFF, its length, WAVE
    public const uint Ds64 = 0x34367364;
    public const uint Format = 0x20746D66;
    public const uint Data = 0x61746164;

    /// <summary>Parses a chunk's header.</summary>
    /// <param name="header">At least <see cref="HeaderBytes"/>.</param>
    /// <param name="isBigEndian">True in RIFX.</param>
    public static WavChunk Parse(ReadOnlySpan<byte> header, bool isBigEndian) =>
        new(BinaryPrimitives.ReadUInt32LittleEndian(header), WavNumber.UInt32(header[4..], isBigEndian));

    /// <summary>True where a WAVE file begins.</summary>
    /// <param name="bytes">Any number of bytes.</param>
    public static bool StartsFile(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= FileHeaderBytes && bytes[8..12].SequenceEqual("WAVE"u8)
        && (bytes.StartsWith("RIFF"u8) || bytes.StartsWith("RIFX"u8) || bytes.StartsWith("RF64"u8) || bytes.StartsWith("BW64"u8));

    /// <summary>True for the names that writers put behind the samples.</summary>
    /// <param name="bytes">Any number of bytes.</param>
    public static bool HasKnownName(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
            return false;
        ReadOnlySpan<byte> names = "LISTdatafactcue smplinstbextiXMLaxmlchnaPEAKjunkJUNKPAD FLLRid3 ID3 _PMXafspDISPminfregnumidacidlevlaXML"u8;
        for (int at = 0; at < names.Length; at += 4)
        {
            if (bytes.StartsWith(names.Slice(at, 4)))
                return true;
        }

        return false;
    }

    /// <summary>True when the first four bytes could be a chunk's name.</summary>
    /// <param name="bytes">Any number of bytes.</param>
    public static bool HasName(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
            return false;
        foreach (byte letter in bytes[..4])
        {
            if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)' ' or (byte)'_' or (byte)'-'))
                return false;
        }

        return true;
    }

    /// <summary>Reads over the body and the pad byte that makes its length even; some writers leave that out.</summary>
    /// <param name="input">At the body's first byte.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>False when the input ends within the body.</returns>
    public async ValueTask<bool> SkipBodyAsync(BufferedInput input, CancellationToken cancellationToken)
    {
        if (!await input.SkipAsync(Bytes, cancellationToken).ConfigureAwait(false))
            return false;
        await SkipPadAsync(input, Bytes, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Reads over the pad byte behind a body of odd length, unless a chunk's name starts there.</summary>
    /// <param name="input">Behind the body.</param>
    /// <param name="bodyBytes">Length of the body.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static async ValueTask SkipPadAsync(BufferedInput input, long bodyBytes, CancellationToken cancellationToken)
    {
        if (bodyBytes % 2 == 0)
            return;
        await input.FillAsync(4, cancellationToken).ConfigureAwait(false);
        if (!input.Buffered.IsEmpty && !HasKnownName(input.Buffered.Span))
            input.Advance(1);
    }
}
