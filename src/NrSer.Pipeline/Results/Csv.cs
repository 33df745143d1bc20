using System.Buffers;
using System.Text;

namespace NrSer.Pipeline.Results;

/// <summary>Lines of CSV after RFC 4180.</summary>
public static class Csv
{
    private static readonly SearchValues<char> s_formula = SearchValues.Create("=+-@\t\r"); // OWASP, CSV Injection

    /// <summary>Text that no spreadsheet computes: what looks like a formula begins with an apostrophe.</summary>
    /// <param name="text">Not a number: the minus of one is no formula.</param>
    public static string Defused(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > 0 && s_formula.Contains(text[0]) ? $"'{text}" : text;
    }

    /// <summary>A line, with its end.</summary>
    /// <param name="cells">Text; empty for what is null.</param>
    public static string Line(IEnumerable<string> cells)
    {
        var line = new StringBuilder();
        foreach ((int index, string cell) in cells.Index())
        {
            bool quoted = cell.AsSpan().IndexOfAny("\",\r\n") >= 0 || cell.StartsWith(' ') || cell.EndsWith(' ');
            line.Append(index == 0 ? "" : ",").Append(quoted ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell);
        }

        return line.Append("\r\n").ToString();
    }
}
