using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace NrSer.Pipeline;

/// <summary>Names one upload: <c>yyyyMMdd-</c> and 16 hex digits. The same upload always has the same id, a re-upload another.</summary>
public readonly record struct RecordingId
{
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    private readonly string? _value;

    private RecordingId(string value) => _value = value;

    /// <summary>The id as text; empty for <c>default</c>.</summary>
    public string Value => _value ?? "";

    /// <summary>The upload's day, <c>yyyyMMdd</c>, which partitions the recordings table.</summary>
    public string Day => Value.Length == 0 ? "" : Value[..8];

    /// <summary>The upload's day, <c>yyyy-MM-dd</c>, which partitions the Parquet files.</summary>
    public string Date => Value.Length == 0 ? "" : $"{Value[..4]}-{Value[4..6]}-{Value[6..8]}";

    /// <summary>Derives the id of an upload.</summary>
    /// <param name="createdOn">When the blob was created.</param>
    /// <param name="container">Its container.</param>
    /// <param name="blobName">Its name within the container.</param>
    /// <param name="etag">Its ETag; quotes do not matter, since events carry it bare and SDKs may quote it.</param>
    public static RecordingId Of(DateTimeOffset createdOn, string container, string blobName, string etag)
    {
        ArgumentNullException.ThrowIfNull(etag);
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{container}/{blobName}\n{etag.Trim('"')}"));
        return new($"{createdOn.UtcDateTime:yyyyMMdd}-{Convert.ToHexStringLower(hash.AsSpan(0, 8))}");
    }

    /// <summary>Whether it was derived from an upload, on whatever day.</summary>
    /// <param name="container">As for <see cref="Of"/>.</param>
    /// <param name="blobName">Likewise.</param>
    /// <param name="etag">Likewise.</param>
    public bool IsOf(string container, string blobName, string etag) => _value is not null
        && _value.AsSpan(8).SequenceEqual(Of(default, container, blobName, etag).Value.AsSpan(8));

    /// <summary>Reads an id.</summary>
    /// <param name="text">What may be an id.</param>
    /// <param name="id">Receives it.</param>
    public static bool TryParse(string? text, out RecordingId id)
    {
        bool valid = text is not null && IsValid(text);
        id = valid ? new(text!) : default;
        return valid;
    }

    /// <summary>Reads an id.</summary>
    /// <param name="text">An id.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static RecordingId Parse(string text) =>
        TryParse(text, out RecordingId id) ? id : throw new FormatException($"'{text}' is not a recording id: yyyyMMdd-, then 16 hex digits.");

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static bool IsValid(string text) =>
        text.Length == 25 && text[8] == '-' && text.AsSpan(0, 8).IndexOfAnyExceptInRange('0', '9') < 0 && text.AsSpan(9).IndexOfAnyExcept(s_hex) < 0;
}
