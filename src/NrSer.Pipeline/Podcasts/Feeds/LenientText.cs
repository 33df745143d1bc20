using System.Buffers;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace NrSer.Pipeline.Podcasts.Feeds;

/// <summary>
/// The text of a feed without what would stop an XML parser at once: space before the declaration, entities of HTML, bare ampersands, characters
/// that XML does not know. Nothing is held but a buffer.
/// </summary>
internal sealed partial class LenientText : TextReader
{
    private const int BufferChars = 16 * 1024;
    private const int LongestEntity = 40; // &CounterClockwiseContourIntegral; has 33
    private const string CdataStart = "<![CDATA[";
    private const string CdataEnd = "]]>";

    private static readonly char[] s_noXml = // XML 1.0, production 2
        [.. "\uFFFE\uFFFF", .. Enumerable.Range(0, 32).Select(code => (char)code).Where(code => code is not ('\t' or '\n' or '\r'))];

    private static readonly SearchValues<char> s_control = SearchValues.Create(s_noXml);
    private static readonly SearchValues<char> s_special = SearchValues.Create([.. "&<]", .. s_noXml]);

    private readonly StreamReader _source;
    private readonly char[] _input = new char[BufferChars];
    private readonly StringBuilder _output = new(BufferChars);
    private int _at;
    private int _filled;
    private int _given;
    private bool _isBegun;
    private bool _isCdata;

    private LenientText(StreamReader source) => _source = source;

    /// <summary>Looks at the beginning.</summary>
    /// <param name="content">The feed; stays open.</param>
    /// <param name="charset">What the server said of its encoding, or null.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<LenientText> OpenAsync(Stream content, string? charset, CancellationToken cancellationToken)
    {
        byte[] head = new byte[512];
        int read = await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var whole = new PrefixedStream(head.AsMemory(0, read), content);
        return new LenientText(new StreamReader(
            whole, EncodingOf(head.AsSpan(0, read), charset), detectEncodingFromByteOrderMarks: true, BufferChars, leaveOpen: true));
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(char[] buffer, int index, int count) =>
        ReadAsync(buffer.AsMemory(index, count), CancellationToken.None).AsTask();

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || !await FillAsync(cancellationToken).ConfigureAwait(false))
            return 0;
        int given = Math.Min(buffer.Length, _output.Length - _given);
        _output.CopyTo(_given, buffer.Span, given);
        _given += given;
        return given;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _source.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Cleans a buffer, but for its end, where an entity or a mark may go on in the next.</summary>
    /// <returns>False at the end.</returns>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_given < _output.Length)
            return true;
        _output.Clear();
        _given = 0;
        while (_output.Length == 0)
        {
            _input.AsSpan(_at, _filled - _at).CopyTo(_input);
            (_filled, _at) = (_filled - _at, 0);
            _filled += await _source.ReadBlockAsync(_input.AsMemory(_filled), cancellationToken).ConfigureAwait(false);
            if (_filled == 0)
                return false;
            Clean(_filled < _input.Length ? _filled : _filled - LongestEntity);
        }

        return true;
    }

    private void Clean(int end)
    {
        while (!_isBegun && _at < end)
        {
            _isBegun = !char.IsWhiteSpace(_input[_at]) && _input[_at] != '\uFEFF';
            _at += _isBegun ? 0 : 1;
        }

        while (_at < end)
        {
            int plain = _input.AsSpan(_at, end - _at).IndexOfAny(s_special);
            plain = plain < 0 ? end - _at : plain;
            _output.Append(_input, _at, plain);
            _at += plain;
            if (_at < end)
                CleanOne(_input.AsSpan(_at, _filled - _at));
        }
    }

    private void CleanOne(ReadOnlySpan<char> rest)
    {
        string mark = _isCdata ? CdataEnd : CdataStart;
        if (rest.StartsWith(mark, StringComparison.Ordinal))
        {
            _isCdata = !_isCdata;
            _output.Append(mark);
            _at += mark.Length;
            return;
        }

        _at++;
        if (rest[0] is '<' or ']' || (rest[0] == '&' && _isCdata))
        {
            _output.Append(rest[0]);
        }
        else if (rest[0] == '&')
        {
            Match entity = Entity().Match(rest[..Math.Min(rest.Length, LongestEntity)].ToString());
            string decoded = entity.Success && !IsOfXml(entity.Value) ? WebUtility.HtmlDecode(entity.Value) : entity.Value;
            bool isKnown = decoded != entity.Value || IsOfXml(entity.Value); // what nobody knows is text
            _output.Append(!isKnown ? "&amp;" : IsOfXml(entity.Value) ? entity.Value
                : decoded.AsSpan().ContainsAny(s_control) ? "" : WebUtility.HtmlEncode(decoded));
            _at += isKnown ? entity.Length - 1 : 0;
        }
    }

    private static bool IsOfXml(string entity) => entity is "&amp;" or "&lt;" or "&gt;" or "&quot;" or "&apos;";

    /// <summary>By mark, by the declaration, by what the server said; UTF-8 otherwise.</summary>
    private static Encoding EncodingOf(ReadOnlySpan<byte> head, string? charset)
    {
        Match declared = Declaration().Match(Encoding.Latin1.GetString(head));
        foreach (string? name in (ReadOnlySpan<string?>)[declared.Success ? declared.Groups["name"].Value : null, charset?.Trim('"', '\'', ' ')])
        {
            if (name is { Length: > 0 } && !name.StartsWith("utf-16", StringComparison.OrdinalIgnoreCase)) // it would not have been readable
            {
                try
                {
                    return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
                }
                catch (ArgumentException)
                {
                    // No such encoding.
                }
            }
        }

        return Encoding.UTF8;
    }

    [GeneratedRegex("^&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Entity();

    [GeneratedRegex("""<\?xml[^>]*encoding\s*=\s*["'](?<name>[A-Za-z0-9._-]+)["']""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Declaration();

    /// <summary>Bytes that were read already, then the rest.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = Math.Min(buffer.Length, prefix.Length - _at);
            if (read == 0)
                return await rest.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            prefix.Slice(_at, read).CopyTo(buffer);
            _at += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
