using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Bi;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Pipeline.Lake;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser query</c>: SQL over the lake.</summary>
internal static class QueryCommand
{
    /// <summary>What is said where there is nothing to read.</summary>
    public const string NoLake = "There is no lake yet: it is made some minutes after recordings have ended, or at once with: nrser lake compact";

    private const string Schema = ".schema";
    private const string Examples = ".examples";
    private const string Quit = ".quit";

    public static Command Create(Terminal terminal)
    {
        var sql = new Argument<string?>("sql")
        {
            Description = $"One SELECT over the views {string.Join(", ", LakeTable.All.Select(table => table.Name))}, in DuckDB's SQL; or {Schema}, "
                + $"or {Examples}. Without it, queries are read from standard input, each up to a line that ends with a semicolon.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<QueryOutput.Format> format = new Option<QueryOutput.Format>("--format")
        {
            Description = "table, csv, json or parquet.", DefaultValueFactory = _ => QueryOutput.Format.Table,
        }.OnlyNames();
        var output = new Option<FileInfo?>("--output", "-o") { Description = "The file to write; standard output by default, but not for parquet." };
        var explain = new Option<bool>("--explain") { Description = "Say how the query would be run, instead of running it." };
        var timer = new Option<bool>("--timer") { Description = "Say how long each query took, from the question to its last row." };
        Option<int> memory = new Option<int>("--memory")
        {
            Description = "MB that the query may take before it goes on on disk.", DefaultValueFactory = _ => 1024,
        }.OnlyWithin(64, 1 << 20);
        var cache = new Option<DirectoryInfo?>("--cache")
        {
            Description = "Folder for the lake's files; in the stack's folder, or in ~/.cache/nrser/lake, by default.",
        };
        var storage = new StorageLocation();
        var command = new Command(
            "query",
            """
            Answers SQL over the lake: everything that has ended, in Parquet files that are fetched once and then read here.

            nrser query "SELECT Emotion, count(*) FROM segments WHERE IsReportable GROUP BY ALL"
            nrser query                 one query after the other, at a prompt
            nrser query < queries.sql
            """)
        { sql, format, output, explain, timer, memory, cache };
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            string? wanted = parsed.GetValue(sql);
            if (wanted is not null && Answer(wanted) is { } answer)
            {
                terminal.Out.Write(answer);
                return ExitCode.Success;
            }

            QueryOutput.Format form = parsed.GetValue(format);
            FileInfo? target = parsed.GetValue(output);
            if (form == QueryOutput.Format.Parquet && target is null)
                throw new UsageException("Parquet is binary: name a file with --output.");
            if (wanted is null && target is not null)
                throw new UsageException("--output holds the rows of one query: say it on the command line.");
            await using ServiceProvider services = CliServices.Pipeline(terminal, storage.Settings(parsed, terminal));
            var lake = new LakeCache(
                services.GetRequiredService<LakeBlobs>(),
                parsed.GetValue(cache)?.FullName ?? storage.LakeFolder(parsed, terminal) ?? LakeCache.DefaultFolder,
                services.GetRequiredService<TimeProvider>());
            LakeSnapshot snapshot = await lake.PinAsync(cancellationToken)
                ?? throw new UsageException(NoLake);
            using LakeDatabase database = LakeDatabase.Open(snapshot, lake.Folder, parsed.GetValue(memory));
            if (wanted is null)
                await AskAsync(terminal, RunAsync, cancellationToken);
            else
                await RunAsync(wanted);
            LakeFreshnessV1? freshness = await services.GetRequiredService<LakeDocuments>().FindFreshnessAsync(cancellationToken);
            if (freshness is not null)
            {
                terminal.Note(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The lake as of {freshness.CompactedAt:yyyy-MM-dd HH:mm} UTC: {freshness.Recordings:N0} recordings, "
                    + $"{freshness.Segments:N0} segments."));
            }

            return ExitCode.Success;

            async Task RunAsync(string query)
            {
                long begun = Stopwatch.GetTimestamp();
                if (parsed.GetValue(explain))
                    terminal.Out.WriteLine(await database.ExplainAsync(query, cancellationToken));
                else
                    await QueryOutput.WriteAsync(terminal, database, query, form, target, lake.Folder, cancellationToken);
                if (parsed.GetValue(timer))
                    terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(begun).TotalSeconds:F3} s"));
            }
        });
        return command;
    }

    /// <summary>Reads queries until the input ends. A wrong one ends a script; at a prompt, it is said and the next one is awaited.</summary>
    private static async Task AskAsync(Terminal terminal, Func<string, Task> answerAsync, CancellationToken cancellationToken)
    {
        bool isAsked = terminal.Answers is not null;
        var query = new StringBuilder();
        while (true)
        {
            if (isAsked)
                terminal.Notes.Write(query.Length == 0 ? "nrser> " : "   ... ");
            // Reading from a terminal cannot be cancelled: it is left behind where Ctrl-C ends the command.
            string? line = await Task.Run(terminal.Input.ReadLine, cancellationToken).WaitAsync(cancellationToken);
            string asked = query.Append(line).Append('\n').ToString().Trim();
            if (line is not null && asked.Length > 0 && !IsWhole(asked))
                continue;
            query.Clear();
            if (asked == Quit)
                return;
            if (asked.Length > 0)
                await TryAsync(asked);
            if (line is null)
                return;
        }

        static bool IsWhole(string asked) => asked[0] == '.' || asked[^1] == ';';

        async Task TryAsync(string asked)
        {
            try
            {
                if (Answer(asked) is { } answer)
                    terminal.Out.Write(answer);
                else
                    await answerAsync(asked);
            }
            catch (Exception wrong) when (isAsked && wrong is LakeQueryException or UsageException)
            {
                terminal.Error(wrong.Message);
            }
        }
    }

    private static string? Answer(string wanted) => wanted.Trim() switch
    {
        Schema => string.Concat(LakeTable.All.Select(table => $"{table.Name}: {table.Meaning}\n" + string.Concat(
            (table.IsPartitioned ? [.. table.Columns, LakeTable.Month] : table.Columns).Select(column =>
                $"  {column.Name,-22} {column.SqlType,-11} {(column.Unit is { } unit ? $"[{unit}] " : "")}{column.Meaning}\n")) + "\n")),
        Examples => string.Concat(LakeExamples.All.Select(example => $"-- {example.Question}\n{example.Sql};\n\n")),
        ['.', ..] other => throw new UsageException($"There is no {other}; there are {Schema} and {Examples}, and {Quit} at the prompt."),
        "" => throw new UsageException($"There is no query. See: nrser query {Examples}"),
        _ => null,
    };
}
