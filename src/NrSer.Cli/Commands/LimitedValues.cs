using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace NrSer.Cli.Commands;

/// <summary>Options that take some values of their type and not others.</summary>
internal static class LimitedValues
{
    /// <summary>Takes the names of an enumeration, in any case, and not the numbers behind them, which would pass unchecked.</summary>
    public static Option<T> OnlyNames<T>(this Option<T> option)
        where T : struct, Enum => option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<T>());

    /// <summary>Takes numbers from the one to the other, both included; what is no number is refused by the option itself.</summary>
    public static Option<T> OnlyWithin<T>(this Option<T> option, T least, T most)
        where T : INumber<T>
    {
        Limit(option, least, most);
        return option;
    }

    /// <inheritdoc cref="OnlyWithin{T}(Option{T}, T, T)"/>
    public static Option<T?> OnlyWithin<T>(this Option<T?> option, T least, T most)
        where T : struct, INumber<T>
    {
        Limit(option, least, most);
        return option;
    }

    private static void Limit<T>(Option option, T least, T most)
        where T : INumber<T> =>
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && T.TryParse(text, CultureInfo.InvariantCulture, out T? number)
                && !(number >= least && number <= most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} takes {least} to {most}."));
        });
}
