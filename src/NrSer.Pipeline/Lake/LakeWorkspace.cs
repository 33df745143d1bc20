using System.Globalization;
using DuckDB.NET.Data;
using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Lake;

/// <summary>A folder of its own for one run over the lake, with a database in it that sorts and joins on disk what does not fit into
/// memory.</summary>
internal sealed class LakeWorkspace : IDisposable
{
    private static readonly TimeSpan s_abandoned = TimeSpan.FromDays(1); // no run takes as long

    private readonly DuckDBConnection _database;

    private LakeWorkspace(string folder, DuckDBConnection database) => (Folder, _database) = (folder, database);

    /// <summary>Holds what is downloaded and written.</summary>
    public string Folder { get; }

    /// <summary>Opens one, and clears away what killed runs left behind.</summary>
    /// <param name="options">The memory that it may take.</param>
    public static LakeWorkspace Open(LakeOptions options)
    {
        string root = Path.Combine(Path.GetTempPath(), "nrser-lake");
        DirectoryInfo folder = Directory.CreateDirectory(Path.Combine(root, Path.GetRandomFileName()));
        foreach (DirectoryInfo left in folder.Parent!.EnumerateDirectories())
        {
            if (folder.LastWriteTimeUtc - left.LastWriteTimeUtc > s_abandoned) // by one clock, that of the disk
                DeleteIfPossible(left.FullName);
        }

        var database = new DuckDBConnection(string.Create(
            CultureInfo.InvariantCulture,
            $"DataSource={Path.Combine(folder.FullName, "work.db")};memory_limit={options.MemoryMegabytes}MB;threads=2"));
        database.Open();
        var workspace = new LakeWorkspace(folder.FullName, database);
        workspace.Execute($"SET temp_directory = {Quote(Path.Combine(folder.FullName, "spill"))}");
        workspace.Execute("SET autoinstall_known_extensions = false");
        workspace.Execute("SET TimeZone = 'UTC'");
        // Whoever writes sorts. Else each file, however short, is kept as a batch of its own until all are read.
        workspace.Execute("SET preserve_insertion_order = false");
        return workspace;
    }

    /// <summary>A path within the folder.</summary>
    /// <param name="name">A file's name.</param>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Runs a statement.</summary>
    /// <param name="sql">The statement.</param>
    /// <returns>Rows that it wrote.</returns>
    public int Execute(string sql)
    {
        using DuckDBCommand command = _database.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    /// <summary>Reads rows, in one go.</summary>
    /// <param name="sql">A query.</param>
    /// <param name="read">Makes a value of the row in hand.</param>
    public List<T> Read<T>(string sql, Func<DuckDBDataReader, T> read)
    {
        using DuckDBCommand command = _database.CreateCommand();
        command.CommandText = sql;
        using DuckDBDataReader reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>Makes an empty table, in place of an earlier one of the name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="table">Has its columns.</param>
    public void Create(string name, LakeTable table) => Execute($"CREATE OR REPLACE TABLE {name} ({table.Declaration})");

    /// <summary>Makes a table of rows, in place of an earlier one of the name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="table">Has its columns.</param>
    /// <param name="rows">A value a column.</param>
    public void Create(string name, LakeTable table, IEnumerable<IEnumerable<object?>> rows)
    {
        Create(name, table);
        using DuckDBAppender appender = _database.CreateAppender(name);
        foreach (IEnumerable<object?> values in rows)
        {
            IDuckDBAppenderRow row = appender.CreateRow();
            foreach (object? value in values)
                AppendValue(row, value);
            row.EndRow();
        }

        appender.Close();
    }

    /// <summary>Makes a table of recordings.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="recordings">Any number.</param>
    public void Create(string name, IEnumerable<Recording> recordings) => Create(
        name, LakeTable.Recordings, recordings.Select(recording => LakeTable.RecordingSources.Select(column => column.ValueOf(recording))));

    /// <summary>Makes a table of feeds.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="feeds">Any number.</param>
    public void Create(string name, IEnumerable<Feed> feeds) =>
        Create(name, LakeTable.Feeds, feeds.Select(feed => FeedColumns.Told.Select(column => column.ValueOf(feed))));

    /// <summary>Writes rows as a Parquet file.</summary>
    /// <param name="table">Its columns and order.</param>
    /// <param name="rows">SQL for rows with the results' names.</param>
    /// <param name="path">The file.</param>
    /// <returns>How many there are.</returns>
    public int Write(LakeTable table, string rows, string path) => Execute(
        $"COPY (SELECT * FROM ({table.Derive(rows)}) ORDER BY {table.Order}) TO {Quote(path)} "
        + $"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {SegmentParquet.RowGroupRows})");

    /// <summary>Text as SQL writes it.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>SQL that reads Parquet files of any versions; a relation without rows and columns of use where there are none.</summary>
    public static string Files(IEnumerable<string> paths)
    {
        string list = string.Join(", ", paths.Select(Quote));
        return list.Length == 0 ? "SELECT NULL AS nothing WHERE false" : $"SELECT * FROM read_parquet([{list}], union_by_name = true)";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _database.Dispose();
        DeleteIfPossible(Folder);
    }

    private static void AppendValue(IDuckDBAppenderRow row, object? value)
    {
        switch (value)
        {
            case null: row.AppendNullValue(); break;
            case string text: row.AppendValue(text); break;
            case bool flag: row.AppendValue(flag); break;
            case int number: row.AppendValue(number); break;
            case long number: row.AppendValue(number); break;
            case float number: row.AppendValue(number); break;
            case double number: row.AppendValue(number); break;
            case DateTimeOffset time: row.AppendValue(time); break;
            case Enum name: row.AppendValue(name.ToString()); break;
            default: throw new NotSupportedException($"The lake has no form for a {value.GetType().Name} yet.");
        }
    }

    private static void DeleteIfPossible(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, or one that another run is deleting; the next looks again.
        }
    }
}
