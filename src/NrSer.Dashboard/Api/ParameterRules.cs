using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace NrSer.Dashboard.Api;

/// <summary>
/// Refuses parameters that nobody reads, since a filter with a slip in its name would otherwise let everything through, and values that a
/// parameter's own attributes forbid: those that <see cref="ApiDocument"/> tells.
/// </summary>
internal static class ParameterRules
{
    /// <summary>s; a week, longer than any recording.</summary>
    public const int LatestSecond = 604_800;

    /// <summary>Longest text to look for.</summary>
    public const int LongestText = 200;

    /// <summary>Most channels that can be kept apart.</summary>
    public const int MostChannels = 64;

    public static EndpointFilterDelegate Check(EndpointFilterFactoryContext factory, EndpointFilterDelegate next)
    {
        ParameterInfo[] parameters = factory.MethodInfo.GetParameters();
        string[] texts = [.. parameters.Where(IsText).Select(parameter => parameter.Name!)];
        (string Name, string[] Names)[] enums = [.. parameters.Select(parameter => (parameter.Name!, TypeOf(parameter)))
            .Where(parameter => parameter.Item2.IsEnum).Select(parameter => (parameter.Item1, Enum.GetNames(parameter.Item2)))];
        (int Index, ValidationAttribute Rule)[] rules = [.. parameters.SelectMany(
            (parameter, index) => parameter.GetCustomAttributes<ValidationAttribute>().Select(rule => (index, rule)))];
        return context =>
        {
            HttpRequest request = context.HttpContext.Request;
            string[] known = [.. texts.Where(name => !request.RouteValues.ContainsKey(name))];
            if (request.Query.Keys.FirstOrDefault(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } stray)
            {
                throw new BadQueryException(
                    stray, known.Length == 0 ? "is not known here." : $"is not known here; there are {string.Join(", ", known)}.");
            }

            foreach ((string name, string[] names) in enums) // by name: as numbers and lists, which an enum would take, they mean something else
            {
                if (request.Query[name] is [{ Length: > 0 } given] && !names.Contains(given, StringComparer.OrdinalIgnoreCase))
                    throw new BadQueryException(name, $"takes {string.Join(", ", names)}.");
            }

            foreach ((int index, ValidationAttribute rule) in rules)
            {
                if (context.Arguments[index] is { } value && !rule.IsValid(value))
                    throw new BadQueryException(parameters[index].Name!, Takes(rule));
            }

            return next(context);
        };
    }

    private static string Takes(ValidationAttribute rule) => rule switch
    {
        RangeAttribute range => string.Create(CultureInfo.InvariantCulture, $"takes {range.Minimum} to {range.Maximum}."),
        AllowedValuesAttribute { Values: [.. var others, var last] } => $"takes {string.Join(", ", others)} or {last}.",
        MaxLengthAttribute longest => $"takes up to {longest.Length} characters.",
        _ => throw new InvalidOperationException($"There are no words for {rule.GetType().Name}."),
    };

    private static bool IsText(ParameterInfo parameter) =>
        TypeOf(parameter) is var type && (type == typeof(string) || (type.IsValueType && type != typeof(CancellationToken)));

    private static Type TypeOf(ParameterInfo parameter) => Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
}
