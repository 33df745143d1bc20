using System.Collections.Immutable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NrSer.Cli.Output;
using NrSer.Core.Models;
using NrSer.Emulator;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work.StorageQueues;

namespace NrSer.Cli.Local;

/// <summary>The storage emulator and, in this process, every stage of the pipeline.</summary>
internal sealed class LocalStack : IAsyncDisposable
{
    // Twice the time between the emulator's saves: a file's time and its clock need not agree to the second.
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(10);

    private readonly AzuriteProcess _azurite;
    private readonly string _dataFolder;
    private readonly FileStream _claim;
    private readonly Terminal _terminal;
    private IHost? _host;

    private LocalStack(AzuriteProcess azurite, string dataFolder, FileStream claim, Terminal terminal)
    {
        _azurite = azurite;
        _dataFolder = dataFolder;
        _claim = claim;
        _terminal = terminal;
    }

    /// <summary>Of the emulator.</summary>
    public string ConnectionString => _azurite.ConnectionString;

    /// <summary>How full the emulator's tables are, 0–1.</summary>
    public double Fullness => AzuriteProcess.FullnessOf(StackFile.AzuriteFolder(_dataFolder));

    /// <summary>Storage and tables of the running stack.</summary>
    public IServiceProvider Services => _host!.Services;

    /// <summary>Ends when the emulator does, whoever ended it.</summary>
    public Task EmulatorExited(CancellationToken cancellationToken) => _azurite.WaitForExitAsync(cancellationToken);

    /// <summary>Starts everything and waits until it works.</summary>
    /// <param name="dataFolder">Where data is kept; created when absent.</param>
    /// <param name="verbose">Logs every stage to standard error.</param>
    /// <param name="terminal">Told what is going on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LocalStackException">The folder is in use, or something needed is missing.</exception>
    public static async Task<LocalStack> StartAsync(string dataFolder, bool verbose, Terminal terminal, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(dataFolder);
        FileStream claim = Claim(dataFolder);
        LocalStack stack;
        string folder = StackFile.AzuriteFolder(dataFolder);
        DateTime savedBefore = File.GetLastWriteTimeUtc(AzuriteProcess.BlobListOf(folder)); // an emulator saves when it starts
        IReadOnlySet<string> waiting;
        try
        {
            (AzuriteProcess emulator, waiting) = await FindOrStartEmulatorAsync(dataFolder, terminal, cancellationToken);
            stack = new LocalStack(emulator, dataFolder, claim, terminal);
        }
        catch
        {
            await claim.DisposeAsync();
            throw;
        }

        try
        {
            StackFile? last = StackFile.Find(dataFolder);
            StackFile file = new(stack.ConnectionString, stack._azurite.ProcessId, Environment.ProcessId, last?.MendSince, last?.MendedAt);
            file.Write(dataFolder);
            stack._host = BuildHost(
                stack.ConnectionString, verbose,
                services => services.AddNrSerLocalHost().AddSingleton<IEmulatedStorage>(new EmulatedStorage(folder, savedBefore)));
            await PrepareAsync(stack._host, cancellationToken);
            if (file is { MendSince: { } since, MendedAt: null })
            {
                MendRecordings mending = stack.Services.GetRequiredService<MendRecordings>();
                await mending.RunAsync(since, waiting, cancellationToken); // before the stages are at them
                (file with { MendedAt = TimeProvider.System.GetUtcNow() }).Write(dataFolder);
            }

            await stack._host.StartAsync(cancellationToken);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>A host of some stages on a given storage.</summary>
    public static IHost BuildHost(
        string connectionString, bool verbose, Action<IServiceCollection> addStages, params KeyValuePair<string, string?>[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("NrSer:Sweep:Interval", (string?)"00:00:03"),
            KeyValuePair.Create("NrSer:Sweep:LostEventAfter", (string?)"00:01:00"),
                KeyValuePair.Create("NrSer:WorkAudio:BudgetBytes", (string?)"20000000000"),
                KeyValuePair.Create("NrSer:Ingest:HoldAfter", (string?)"00:01:00"),
                KeyValuePair.Create("NrSer:Ingest:PodcastSegmentStore", (string?)nameof(SegmentStore.Blob))]);
        builder.Configuration.AddInMemoryCollection(settings);
        CliServices.AddDefaultFolder(builder.Configuration).AddEnvironmentVariables();
        builder.Configuration.AddInMemoryCollection([CliServices.ConnectionSetting(connectionString)]);
        builder.Logging.SetMinimumLevel(verbose ? LogLevel.Information : LogLevel.Error);
        builder.Logging.AddFilter("Azure", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss "));
        builder.Logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ServicesStopConcurrently = true);
        builder.Services.AddNrSerPipeline().AddNrSerStorageQueues().AddNrSerTelemetry(builder.Configuration);
        addStages(builder.Services);
        return builder.Build();
    }

    /// <summary>Checks storage and models first, so that what is missing is said at once and not by a failing stage.</summary>
    public static async Task StartHostAsync(IHost host, CancellationToken cancellationToken)
    {
        await PrepareAsync(host, cancellationToken);
        await host.StartAsync(cancellationToken);
    }

    private static async Task PrepareAsync(IHost host, CancellationToken cancellationToken)
    {
        await host.Services.CreateMissingStorageAsync(cancellationToken);
        ModelSet models = host.Services.GetRequiredService<ModelSet>();
        _ = (models.Enhancer, models.SnrLevel, models.Emotion);
    }

    /// <summary>Stops the stages, which give their messages back, then the emulator, which writes everything to disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            _terminal.Note("Stopping; unfinished work goes back to its queue…");
            await _host.StopAsync(CancellationToken.None);
            _host.Dispose();
        }

        if (await _azurite.StopAsync() && StackFile.Find(_dataFolder) is not { MendSince: not null, MendedAt: null })
            StackFile.Delete(_dataFolder);
        await _azurite.DisposeAsync();
        await _claim.DisposeAsync();
    }

    /// <summary>Makes this process the folder's owner until it ends, however it ends: the operating system lets go of the file then.</summary>
    private static FileStream Claim(string dataFolder)
    {
        try
        {
            return new FileStream(Path.Combine(dataFolder, "stack.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken) when (taken is not (DirectoryNotFoundException or FileNotFoundException))
        {
            string owner = StackFile.FindRunning(dataFolder) is { } running ? $" (process {running.OwnerProcessId})" : "";
            throw new LocalStackException($"A stack already runs on {dataFolder}{owner}. Use it, stop it, or choose another --data folder.", taken);
        }
    }

    /// <summary>Of uploads, whichever lane; not those that were given up.</summary>
    /// <param name="folder">The data of an emulator that does not run.</param>
    /// <param name="now">The time.</param>
    /// <returns>Ids of messages.</returns>
    internal static IReadOnlySet<string> EventsInLine(string folder, DateTimeOffset now) => EmulatorFiles.WaitingMessages(folder, now)
        .Where(message => message.Queue == StorageNames.UploadsQueue || message.Queue == StorageNames.BulkOf(StorageNames.UploadsQueue))
        .Select(message => StorageWorkQueue.MessageIdOf(message.Text)).OfType<string>().ToHashSet(StringComparer.Ordinal);

    /// <returns>The emulator, and which events were in line when it was killed; none where it lives on, or ended well.</returns>
    private static async Task<(AzuriteProcess Emulator, IReadOnlySet<string> Waiting)> FindOrStartEmulatorAsync(
        string dataFolder, Terminal terminal, CancellationToken cancellationToken)
    {
        string folder = StackFile.AzuriteFolder(dataFolder);
        if (StackFile.FindRunning(dataFolder) is { } orphan)
        {
            terminal.Note("The last run on this folder was killed: taking over its storage emulator.");
            return (AzuriteProcess.Adopt(orphan.AzuriteProcessId, orphan.ConnectionString), ImmutableHashSet<string>.Empty);
        }

        await AzuriteProcess.EndStraysAsync(folder);
        // Noted before another emulator saves, for whoever comes after this one.
        StackFile? killed = StackFile.Find(dataFolder);
        killed?.Killed(new DateTimeOffset(AzuriteProcess.SavedUntil(folder)) - s_margin).Write(dataFolder);

        NoteLoss(EmulatorLoss.Of(folder), terminal);
        EmulatorFiles.Relist(folder);
        IReadOnlySet<string> waiting = killed is null ? ImmutableHashSet<string>.Empty : EventsInLine(folder, TimeProvider.System.GetUtcNow());
        string script = await AzuriteInstallation.EnsureAsync(terminal.Note, cancellationToken);
        return (await AzuriteProcess.StartAsync(script, folder, cancellationToken), waiting);
    }

    private static void NoteLoss(EmulatorLoss loss, Terminal terminal)
    {
        if (loss.UnlistedBytes > 0)
        {
            terminal.Note(
                $"The storage emulator was killed before it had noted the last {loss.UnlistedBytes:N0} bytes: what was uploaded then may be "
                + "missing. nrser ingest on the same files uploads what is not there.");
        }

        if (loss.DamagedFiles > 0)
        {
            terminal.Note(
                $"{loss.DamagedFiles} of the emulator's files are gone or cut short: some uploads and results cannot be read any more. Restore the "
                + "folder from a backup, or upload again what nrser status shows as failed.");
        }
    }
}
