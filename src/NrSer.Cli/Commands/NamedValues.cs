using System.CommandLine;

namespace NrSer.Cli.Commands;

/// <summary>Options whose values are names.</summary>
internal static class NamedValues
{
    /// <summary>Takes the names of an enumeration, in any case, and not the numbers behind them, which would pass unchecked.</summary>
    public static Option<T> OnlyNames<T>(this Option<T> option)
        where T : struct, Enum => option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<T>());
}
