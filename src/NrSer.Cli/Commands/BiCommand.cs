using System.CommandLine;
using NrSer.Cli.Bi;
using NrSer.Cli.Output;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser bi</c>: files that BI tools open.</summary>
internal static class BiCommand
{
    private const string Placeholder = "https://ACCOUNT.blob.core.windows.net";

    public static Command Create(Terminal terminal)
    {
        var tool = new Argument<BiFiles.Tool>("tool") { Description = "powerbi, excel, duckdb, fabric or grafana." };
        tool.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<BiFiles.Tool>());
        var output = new Option<DirectoryInfo>("--out", "-o") { Description = "Folder to write into; made if there is none.", Required = true };
        var lake = new Option<string>("--lake")
        {
            Description = "Where the lake is: the results account, such as https://name.blob.core.windows.net, or the folder of nrser lake copy.",
            DefaultValueFactory = _ => Placeholder,
        };
        var force = new Option<bool>("--force") { Description = "Write over what the folder has." };
        var write = new Command(
            "write",
            "Writes a Power BI project, Excel's queries, a script for DuckDB or one for Fabric, all made from the columns of the lake; or a Grafana "
            + "dashboard over the API of 'nrser up' and 'nrser serve'.")
        { tool, output, lake, force };
        write.Run(terminal, async (parsed, cancellationToken) =>
        {
            DirectoryInfo folder = parsed.GetRequiredValue(output);
            string where = parsed.GetValue(lake)!;
            if (!BiFiles.IsAccount(where))
            {
                if (!Directory.Exists(where))
                {
                    throw new UsageException(
                        $"There is no folder {where}. Make one with: nrser lake copy --out {where}; or give the account's https address.");
                }

                where = Path.GetFullPath(where);
            }

            (string Path, string Content)[] files = [.. BiFiles.Of(parsed.GetValue(tool), where)];
            if (!parsed.GetValue(force) && files.FirstOrDefault(file => File.Exists(Path.Combine(folder.FullName, file.Path))) is { Path: { } there })
            {
                throw new UsageException(
                    $"{Path.Combine(folder.ToString(), there)} is there already. Choose another folder, or write over it with --force.");
            }

            foreach ((string path, string content) in files)
            {
                string target = Path.Combine(folder.FullName, path);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                await File.WriteAllTextAsync(target, content, cancellationToken);
            }

            terminal.Note($"{files.Length} files written into {folder}.");
            if (where == Placeholder && parsed.GetValue(tool) != BiFiles.Tool.Grafana) // which reads no lake
                terminal.Note($"They look for the lake at {Placeholder}: put the name of the results account in, or give it with --lake.");
            return ExitCode.Success;
        });
        return new Command("bi", "Files that BI tools open.") { write };
    }
}
