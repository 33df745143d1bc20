using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace NrSer.Dashboard.Api;

/// <summary>Refuses parameters that nobody reads: a filter with a slip in its name would otherwise let everything through.</summary>
internal static class KnownParameters
{
    public static EndpointFilterDelegate Check(EndpointFilterFactoryContext factory, EndpointFilterDelegate next)
    {
        string[] known = [.. factory.MethodInfo.GetParameters().Where(IsText).Select(parameter => parameter.Name!)];
        return context =>
        {
            string? stray = context.HttpContext.Request.Query.Keys.FirstOrDefault(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase));
            return stray is null ? next(context)
                : throw new BadQueryException(
                    stray, known.Length == 0 ? "is not known here." : $"is not known here; there are {string.Join(", ", known)}.");
        };
    }

    private static bool IsText(ParameterInfo parameter)
    {
        Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return type == typeof(string) || (type.IsValueType && type != typeof(CancellationToken));
    }
}
