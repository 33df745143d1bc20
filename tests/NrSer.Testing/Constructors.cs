using System.Reflection;

namespace NrSer.Testing;

/// <summary>How much the types of an assembly are made of.</summary>
public static class Constructors
{
    private const int Most = 6; // parameters: a class that takes more does several things, or hides what its parameters are together

    /// <summary>Constructors with more parameters, but those of records, which are data.</summary>
    /// <param name="assembly">Compiled.</param>
    /// <returns>Their types, with how many they take.</returns>
    public static string[] TooLong(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return [.. assembly.GetTypes().Where(type => !IsRecord(type))
            .SelectMany(type => type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(constructor => constructor.GetParameters().Length > Most)
            .Select(constructor => $"{constructor.DeclaringType!.FullName} takes {constructor.GetParameters().Length}")
            .Order(StringComparer.Ordinal)];
    }

    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic) is not null;
}
