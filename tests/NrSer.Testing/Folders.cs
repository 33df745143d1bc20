using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace NrSer.Testing;

/// <summary>Which folders of a project know which, as its compiled assembly says.</summary>
public static class Folders
{
    /// <summary>Folders right below a namespace that know each other in a circle, with those within them; what lies in none serves all.</summary>
    /// <param name="assembly">The project.</param>
    /// <param name="root">Its namespace.</param>
    /// <returns>What each of them knows of the others, a line each; nothing without a circle.</returns>
    public static string[] InCircles(System.Reflection.Assembly assembly, string root)
    {
        Architecture project = new ArchLoader().LoadAssembly(assembly).Build();
        HashSet<(string From, string To)> arrows =
        [
            .. from type in project.Types
               from known in type.Dependencies
               let arrow = (From: FolderOf(type), To: FolderOf(known.Target))
               where arrow is { From: not null, To: not null } && arrow.From != arrow.To
               select (arrow.From, arrow.To),
        ];
        while (arrows.RemoveWhere(arrow => !arrows.Any(other => other.From == arrow.To)) > 0)
        {
            // who knows nobody is in no circle, and then who knew only those
        }

        return [.. arrows.Select(arrow => $"{arrow.From} knows {arrow.To}").Order(StringComparer.Ordinal)];

        string? FolderOf(IType type) => type.Namespace?.FullName is { } name && name.StartsWith($"{root}.", StringComparison.Ordinal)
            ? name[(root.Length + 1)..].Split('.')[0] : null;
    }
}
