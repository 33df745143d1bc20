using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>What ffmpeg writes to its standard error: what it found in the file, and its complaints.</summary>
internal sealed partial class FfmpegLog
{
    private const int MaxComplaintChars = 8 * 1024; // the first complaints tell what went wrong; the rest repeat it
    private const int MaxLineBytes = 2 * 1024;

    private readonly StringBuilder _complaints = new();
    private readonly List<int> _audioStreams = [];
    private int? _heardStream;
    private bool _hasGuessed;
    private double? _durationSeconds;

    private FfmpegLog()
    {
    }

    /// <summary>Errors, one a line, without their level.</summary>
    public string Complaints => _complaints.ToString();

    /// <summary>The container's length; null where it states none, or holds several tracks, of which another may be the
    /// longest.</summary>
    public double? DurationSeconds => _hasGuessed || HasVideo || AudioTracks > 1 ? null : _durationSeconds;

    /// <summary>What bubblewrap, or what starts it, said in ffmpeg's place, or null: the recording has no part in that.</summary>
    public string? SandboxFailure { get; private set; }

    /// <summary>Tracks with sound.</summary>
    public int AudioTracks => _audioStreams.Count;

    /// <summary>Which of them is decoded, from 0; null where that is not known.</summary>
    public int? HeardTrack => _heardStream is { } stream && _audioStreams.IndexOf(stream) is >= 0 and int track ? track : null;

    private bool HasVideo { get; set; }

    /// <summary>Reads all of it, and keeps little.</summary>
    /// <param name="standardError">Of a process with <c>-v level+info</c>; read to its end.</param>
    public static async Task<FfmpegLog> ReadAsync(Stream standardError)
    {
        FfmpegLog log = new();
        byte[] buffer = new byte[MaxLineBytes];
        byte[] line = new byte[MaxLineBytes];
        int lineBytes = 0, read;
        while ((read = await standardError.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false)) > 0)
        {
            ReadOnlyMemory<byte> rest = buffer.AsMemory(0, read);
            while (!rest.IsEmpty)
            {
                int end = rest.Span.IndexOfAny((byte)'\n', (byte)'\r');
                ReadOnlySpan<byte> part = end < 0 ? rest.Span : rest.Span[..end];
                int kept = Math.Min(part.Length, line.Length - lineBytes); // of a longer line the beginning is enough
                part[..kept].CopyTo(line.AsSpan(lineBytes));
                lineBytes += kept;
                rest = end < 0 ? default : rest[(end + 1)..];
                if (end < 0)
                    continue;
                log.Add(Encoding.UTF8.GetString(line, 0, lineBytes));
                lineBytes = 0;
            }
        }

        log.Add(Encoding.UTF8.GetString(line, 0, lineBytes));
        return log;
    }

    private void Add(string line)
    {
        if (ErrorPattern().Match(line) is { Success: true } error)
        {
            if (_complaints.Length < MaxComplaintChars)
                _complaints.Append(error.Groups["place"].Value).Append(error.Groups["text"].Value).Append('\n');
        }
        else if (StreamPattern().Match(line) is { Success: true } stream)
        {
            int index = int.Parse(stream.Groups["index"].ValueSpan, CultureInfo.InvariantCulture);
            if (_heardStream is null && stream.Groups["kind"].ValueSpan is "Audio")
                _audioStreams.Add(index);
            HasVideo |= stream.Groups["kind"].ValueSpan is "Video" && !line.EndsWith("(attached pic)", StringComparison.Ordinal);
        }
        else if (MappingPattern().Match(line) is { Success: true } mapping) // after all streams of the input, before those of the output
        {
            _heardStream ??= int.Parse(mapping.Groups["index"].ValueSpan, CultureInfo.InvariantCulture);
        }
        else if (DurationPattern().Match(line) is { Success: true } duration)
        {
            _durationSeconds ??= (3600 * Number("hours")) + (60 * Number("minutes")) + Number("seconds"); // days are hours, too

            double Number(string part) => double.Parse(duration.Groups[part].ValueSpan, CultureInfo.InvariantCulture);
        }
        else if (line.StartsWith("bwrap: ", StringComparison.Ordinal) || line.StartsWith("setsid: ", StringComparison.Ordinal))
        {
            SandboxFailure ??= line;
        }
        else
        {
            _hasGuessed |= line.Contains("Estimating duration from bitrate", StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(@"^(?<place>(\[[^\]]* @ [^\]]*\] )*)\[(panic|fatal|error)\] (?<text>.*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ErrorPattern();

    [GeneratedRegex(@"^\[info\]   Stream #0:(?<index>\d{1,5})(\[[^\]]*\])?(\([^)]*\))?: (?<kind>Audio|Video): ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StreamPattern();

    [GeneratedRegex(@"^\[info\]   Stream #0:(?<index>\d{1,5}) -> #0:0 ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MappingPattern();

    [GeneratedRegex(@"^\[info\]   Duration: (?<hours>\d{2,9}):(?<minutes>\d{2}):(?<seconds>\d{2}\.\d{2}),", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DurationPattern();
}
