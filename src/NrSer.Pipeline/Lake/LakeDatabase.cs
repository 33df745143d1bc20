using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;

namespace NrSer.Pipeline.Lake;

/// <summary>Answers queries over a pinned lake. Whoever writes a query can read the lake's files and nothing else of this machine.</summary>
public sealed class LakeDatabase : IDisposable
{
    private static readonly TimeSpan s_untilNextInterruption = TimeSpan.FromMilliseconds(20); // nobody notices so much

    private readonly DuckDBConnection _connection;
    private readonly LakeSnapshot? _lake;
    private readonly string _spill;

    private LakeDatabase(DuckDBConnection connection, LakeSnapshot? lake, string spill) => (_connection, _lake, _spill) = (connection, lake, spill);

    /// <summary>Opens it.</summary>
    /// <param name="lake">The lake; null for one without rows. Disposed together with this.</param>
    /// <param name="folder">The only folder whose files queries may reach; results of <see cref="WriteParquetAsync"/> go there, too.</param>
    /// <param name="memoryMegabytes">What a query may take before it goes on on disk; at least 64.</param>
    public static LakeDatabase Open(LakeSnapshot? lake, string folder, int memoryMegabytes)
    {
        string spill = Path.Combine(Directory.CreateDirectory(folder).FullName, $"spill-{Environment.ProcessId}-{Path.GetRandomFileName()}");
        var connection = new DuckDBConnection(string.Create(
            CultureInfo.InvariantCulture, $"DataSource=:memory:;memory_limit={memoryMegabytes}MB"));
        connection.Open();
        var database = new LakeDatabase(connection, lake, spill);
        foreach (LakeTable table in LakeTable.All)
            database.Execute($"CREATE VIEW {table.Name} AS {ViewOf(table, lake)}");
        foreach (string setting in new[]
        {
            $"temp_directory = {LakeWorkspace.Quote(spill)}",
            "TimeZone = 'UTC'",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "allow_community_extensions = false",
            $"allowed_directories = [{LakeWorkspace.Quote(Path.GetFullPath(folder) + Path.DirectorySeparatorChar)}]",
            "enable_external_access = false",
            "lock_configuration = true",
        })
        {
            database.Execute($"SET {setting}");
        }

        return database;
    }

    /// <summary>Runs a query and reads its rows as they come.</summary>
    /// <param name="sql">One SELECT.</param>
    /// <param name="cancellationToken">Stops it, in the middle of whatever it computes.</param>
    /// <exception cref="LakeQueryException">It is no SELECT, more than one, or wrong.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<LakeRows> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        Check(sql);
        return await RunAsync(sql, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How a query would be run.</summary>
    /// <inheritdoc cref="QueryAsync" path="/param"/>
    public async Task<string> ExplainAsync(string sql, CancellationToken cancellationToken)
    {
        Check(sql);
        using LakeRows rows = await RunAsync($"EXPLAIN {sql}", cancellationToken).ConfigureAwait(false);
        return rows.Read() ? rows.Reader.GetString(1) : "";
    }

    /// <summary>Writes a query's rows as a Parquet file.</summary>
    /// <param name="sql">One SELECT.</param>
    /// <param name="path">The file, in the folder that was opened.</param>
    /// <param name="cancellationToken">Stops it; the file is not whole then.</param>
    public async Task WriteParquetAsync(string sql, string path, CancellationToken cancellationToken)
    {
        Check(sql);
        // what stands alone as one SELECT cannot end the parenthesis; a comment at its end ends with the line
        string inner = sql.TrimEnd().TrimEnd(';');
        (await RunAsync($"COPY (\n{inner}\n) TO {LakeWorkspace.Quote(path)} (FORMAT parquet, COMPRESSION zstd)", cancellationToken)
            .ConfigureAwait(false)).Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection.Dispose();
        _lake?.Dispose();
        if (Directory.Exists(_spill))
            Directory.Delete(_spill, recursive: true);
    }

    private static string ViewOf(LakeTable table, LakeSnapshot? lake)
    {
        LakeColumn[] columns = table.IsPartitioned ? [.. table.Columns, LakeTable.Month] : [.. table.Columns];
        string none = $"SELECT {string.Join(", ", columns.Select(column => $"NULL::{column.SqlType} AS \"{column.Name}\""))} WHERE false";
        string[] files = table.IsPartitioned
            ? [.. lake?.Parts.Where(part => part.Table == table.Name).Select(part => lake.Files[part]) ?? []]
            : lake?.Beside.TryGetValue(table, out string? beside) == true ? [beside] : [];
        if (files.Length == 0)
            return none;
        string months = table.IsPartitioned ? ", hive_partitioning = true, hive_types = {'month': VARCHAR}" : "";
        string rows = $"SELECT * FROM read_parquet([{string.Join(", ", files.Select(LakeWorkspace.Quote))}], union_by_name = true{months})";
        // parts of an earlier version lack columns that were added since
        return $"SELECT {string.Join(", ", columns.Select(column => $"\"{column.Name}\""))} FROM ({none} UNION ALL BY NAME {rows})";
    }

    private void Execute(string sql)
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>DuckDB's own parser says what it is: it turns SELECT statements into JSON, and nothing else.</summary>
    private void Check(string sql)
    {
        ArgumentNullException.ThrowIfNull(sql);
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = $"SELECT json_serialize_sql({LakeWorkspace.Quote(sql)})::VARCHAR";
        using var parsed = JsonDocument.Parse((string)command.ExecuteScalar()!);
        JsonElement root = parsed.RootElement;
        if (root.GetProperty("error").GetBoolean())
        {
            throw new LakeQueryException(root.GetProperty("error_type").GetString() == "parser"
                ? $"The query cannot be read: {root.GetProperty("error_message").GetString()}"
                : "Only a SELECT is answered: the lake is there to be read.");
        }

        int statements = root.GetProperty("statements").GetArrayLength();
        if (statements != 1)
            throw new LakeQueryException(statements == 0 ? "There is no query." : $"One SELECT at a time: these are {statements}.");
    }

    private async Task<LakeRows> RunAsync(string sql, CancellationToken cancellationToken)
    {
        DuckDBCommand command = _connection.CreateCommand();
        CancellationTokenRegistration stopping = cancellationToken.Register(command.Cancel);
        try
        {
            command.CommandText = sql;
            command.UseStreamingMode = true; // rows are not gathered before the first is shown
            // computes in this process: a thread of its own lets the caller be interrupted
            Task<DuckDBDataReader> computing = Task.Run(command.ExecuteReader, cancellationToken);
            await InterruptAsync(computing, command, cancellationToken).ConfigureAwait(false);
            DuckDBDataReader reader = await computing.ConfigureAwait(false);
            if (!cancellationToken.IsCancellationRequested)
                return new LakeRows(command, reader, stopping);
            await reader.DisposeAsync().ConfigureAwait(false);
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception wrong) when (wrong is DuckDBException or OperationCanceledException)
        {
            await stopping.DisposeAsync().ConfigureAwait(false);
            await command.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested(); // which ends what is being prepared as if it were wrong
            throw new LakeQueryException(wrong.Message, wrong);
        }
    }

    /// <summary>Waits for its end, and interrupts it until then once it is stopped.</summary>
    /// <remarks>DuckDB forgets an interruption that comes while it begins.</remarks>
    private static async Task InterruptAsync(Task computing, DuckDBCommand command, CancellationToken cancellationToken)
    {
        await computing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!computing.IsCompleted)
        {
            command.Cancel();
            await computing.WaitAsync(s_untilNextInterruption, TimeProvider.System, CancellationToken.None)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>Rows of a query, one at a time.</summary>
public sealed class LakeRows : IDisposable
{
    private readonly DuckDBCommand _command;
    private readonly CancellationTokenRegistration _stopping;

    internal LakeRows(DuckDBCommand command, DbDataReader reader, CancellationTokenRegistration stopping) =>
        (_command, Reader, _stopping) = (command, reader, stopping);

    /// <summary>The row in hand.</summary>
    public DbDataReader Reader { get; }

    /// <summary>Goes on to the next row.</summary>
    /// <returns>False after the last.</returns>
    /// <exception cref="LakeQueryException">It could not be computed.</exception>
    public bool Read()
    {
        try
        {
            return Reader.Read();
        }
        catch (DuckDBException wrong)
        {
            throw new LakeQueryException(wrong.Message, wrong);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        Reader.Dispose();
        _command.Dispose();
    }
}

/// <summary>A query that cannot be answered; the message says why.</summary>
/// <param name="message">What is wrong with it.</param>
/// <param name="innerException">What the engine said.</param>
public sealed class LakeQueryException(string message, Exception? innerException = null) : Exception(message, innerException);
