using System.Data.Common;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using DuckDB.NET.Data;
using ZstdSharp;

namespace NrSer.Testing;

/// <summary>What a blob, a row or a message says, in every form in which a word can hide: compressed, in columns, escaped.</summary>
internal sealed partial class StoredText : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-search-");
    private readonly DuckDBConnection _database = new("DataSource=:memory:");

    public StoredText() => _database.Open();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A text as it is, and as those read it who undo escapes of JSON, which may be within JSON, and of addresses.</summary>
    public static string Of(string text)
    {
        string once = Unescaped(text), twice = Unescaped(once);
        return $"{text}\n{once}\n{twice}\n{Uri.UnescapeDataString(twice)}";
    }

    /// <summary>What a content says: as text, and unpacked.</summary>
    public async Task<string> OfAsync(byte[] content)
    {
        if (content.AsSpan().StartsWith("PAR1"u8))
            return $"{Encoding.UTF8.GetString(content)}\n{await CellsAsync(content)}";
        if (content.AsSpan().StartsWith<byte>([0x1f, 0x8b])) // RFC 1952
            return await OfAsync(await UnpackedAsync(new GZipStream(new MemoryStream(content), CompressionMode.Decompress)));
        if (content.AsSpan().StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd])) // RFC 8878
            return await OfAsync(await UnpackedAsync(new DecompressionStream(new MemoryStream(content))));
        string text = Encoding.UTF8.GetString(content);
        return content.AsSpan().StartsWith("RIFF"u8) ? text : Of(text); // audio has no escapes
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _database.Dispose();
        _folder.Delete(recursive: true);
    }

    private static async Task<byte[]> UnpackedAsync(Stream packed)
    {
        await using (packed)
        {
            using var unpacked = new MemoryStream();
            await packed.CopyToAsync(unpacked, Stop);
            return unpacked.ToArray();
        }
    }

    /// <summary>Every cell of a Parquet file, whose columns are compressed.</summary>
    private async Task<string> CellsAsync(byte[] file)
    {
        string path = Path.Combine(_folder.FullName, "it.parquet");
        await File.WriteAllBytesAsync(path, file, Stop);
        await using DbCommand command = _database.CreateCommand();
        command.CommandText = $"SELECT coalesce(COLUMNS(*)::VARCHAR, '') FROM read_parquet('{path}')";
        await using DbDataReader rows = await command.ExecuteReaderAsync(Stop);
        var cells = new StringBuilder();
        while (await rows.ReadAsync(Stop))
        {
            for (int column = 0; column < rows.FieldCount; column++)
                cells.Append(rows.GetString(column)).Append('\n');
        }

        return cells.ToString();
    }

    private static string Unescaped(string text) => Escape().Replace(text, match => match.Groups["code"] is { Success: true } code
        ? ((char)int.Parse(code.ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString() : match.Groups["itself"].Value);

    [GeneratedRegex(@"\\(u(?<code>[0-9a-fA-F]{4})|(?<itself>[""\\/]))", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Escape();
}
