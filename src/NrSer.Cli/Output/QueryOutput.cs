using System.Collections;
using System.Data.Common;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using Spectre.Console;

namespace NrSer.Cli.Output;

/// <summary>Prints a query's rows as they come, in one of several forms.</summary>
internal static class QueryOutput
{
    private const int MaxShown = 200; // rows of a table for people; it is laid out in memory

    /// <summary>The forms.</summary>
    public enum Format
    {
        Table,
        Csv,
        Json,
        Parquet,
    }

    /// <summary>Runs a query and writes what it answers.</summary>
    /// <param name="terminal">Receives it, unless a file is named.</param>
    /// <param name="database">Answers.</param>
    /// <param name="sql">The query.</param>
    /// <param name="format">The form.</param>
    /// <param name="target">A file, or null.</param>
    /// <param name="folder">The folder that the database can write to.</param>
    /// <param name="cancellationToken">Stops it; a file is not made then.</param>
    public static async Task WriteAsync(
        Terminal terminal, LakeDatabase database, string sql, Format format, FileInfo? target, string folder, CancellationToken cancellationToken)
    {
        await using UnfinishedFile? unfinished = target is null ? null : new UnfinishedFile(target);
        if (format == Format.Parquet)
        {
            await CopyParquetAsync(database, sql, unfinished!.Content, folder, cancellationToken);
        }
        else
        {
            using LakeRows rows = await database.QueryAsync(sql, cancellationToken);
            if (format == Format.Table && unfinished is null)
            {
                Show(terminal, rows, cancellationToken);
            }
            else
            {
                Stream file = unfinished?.Content ?? terminal.OpenOutput();
                if (format == Format.Json)
                    await WriteJsonAsync(rows, file, cancellationToken);
                else
                    await WriteCsvAsync(rows, file, cancellationToken);
            }
        }

        if (unfinished is not null)
            await unfinished.FinishAsync();
    }

    private static void Show(Terminal terminal, LakeRows rows, CancellationToken cancellationToken)
    {
        Table table = new Table().AddColumns([.. NamesOf(rows.Reader).Select(Markup.Escape)]);
        int count = 0;
        bool more = false;
        while (rows.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (count == MaxShown)
            {
                more = true;
                break;
            }

            table.AddRow([.. Enumerable.Range(0, rows.Reader.FieldCount).Select(index => Markup.Escape(TextOf(ValueOf(rows.Reader, index))))]);
            count++;
        }

        terminal.Data.Write(table);
        terminal.Note(more ? $"The first {MaxShown} rows; all of them with --format csv or json." : $"{count} rows.");
    }

    private static async Task WriteCsvAsync(LakeRows rows, Stream file, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(file, leaveOpen: true);
        await text.WriteAsync(Csv.Line(NamesOf(rows.Reader)).AsMemory(), cancellationToken);
        while (rows.Read())
        {
            IEnumerable<string> cells = Enumerable.Range(0, rows.Reader.FieldCount).Select(index => TextOf(ValueOf(rows.Reader, index)));
            await text.WriteAsync(Csv.Line(cells).AsMemory(), cancellationToken);
        }
    }

    private static async Task WriteJsonAsync(LakeRows rows, Stream file, CancellationToken cancellationToken)
    {
        const int FlushBytes = 1 << 16;
        string[] names = NamesOf(rows.Reader);
        await using var json = new Utf8JsonWriter(file);
        json.WriteStartArray();
        while (rows.Read())
        {
            json.WriteStartObject();
            for (int index = 0; index < names.Length; index++)
            {
                json.WritePropertyName(names[index]);
                WriteJson(json, ValueOf(rows.Reader, index));
            }

            json.WriteEndObject();
            if (json.BytesPending > FlushBytes)
                await json.FlushAsync(cancellationToken);
        }

        json.WriteEndArray();
        await json.FlushAsync(cancellationToken);
        await file.WriteAsync("\n"u8.ToArray(), cancellationToken);
    }

    private static async Task CopyParquetAsync(
        LakeDatabase database, string sql, Stream file, string folder, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, $"{Path.GetRandomFileName()}.parquet.unfinished");
        try
        {
            await database.WriteParquetAsync(sql, path, cancellationToken);
            await using FileStream written = File.OpenRead(path);
            await written.CopyToAsync(file, cancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string[] NamesOf(DbDataReader reader) => [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];

    private static object? ValueOf(DbDataReader reader, int index)
    {
        try
        {
            return reader.IsDBNull(index) ? null : reader.GetValue(index);
        }
        catch (InvalidCastException unknown) // the reader's lists hold no null
        {
            string name = reader.GetName(index);
            throw new LakeQueryException($"Column {name}: {unknown.Message}. Ask for text instead: to_json({name}).", unknown);
        }
    }

    private static string TextOf(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        DateTime time => time.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(format: null, CultureInfo.InvariantCulture),
        IDictionary pairs => $"{{{string.Join(", ", pairs.Keys.Cast<object>().Select(key => $"{TextOf(key)}: {TextOf(pairs[key])}"))}}}",
        IEnumerable values => $"[{string.Join(", ", values.Cast<object?>().Select(TextOf))}]",
        _ => value.ToString() ?? "",
    };

    private static void WriteJson(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null or double.NaN or float.NaN: json.WriteNullValue(); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case float number when float.IsFinite(number): json.WriteNumberValue(number); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case sbyte or byte or short or ushort or int or uint or long or ulong or decimal or BigInteger:
                json.WriteRawValue(TextOf(value)); break;
            case IDictionary pairs:
                json.WriteStartObject();
                foreach (object key in pairs.Keys)
                {
                    json.WritePropertyName(TextOf(key));
                    WriteJson(json, pairs[key]);
                }

                json.WriteEndObject();
                break;
            case IEnumerable values and not string:
                json.WriteStartArray();
                foreach (object? each in values)
                    WriteJson(json, each);
                json.WriteEndArray();
                break;
            default: json.WriteStringValue(TextOf(value)); break;
        }
    }
}
