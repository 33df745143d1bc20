using Azure.Data.Tables;
using Azure.Identity;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>The tables as the service has them.</summary>
public sealed class ResultTables
{
    private readonly TableServiceClient _service;

    /// <param name="options">Where they are.</param>
    /// <exception cref="OptionsValidationException">Neither a connection string nor an endpoint is given.</exception>
    /// <exception cref="FormatException">The connection string is none.</exception>
    public ResultTables(IOptions<StorageOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        StorageOptions storage = options.Value;
        try
        {
            _service = storage.ConnectionString is { Length: > 0 } connection
                ? new TableServiceClient(connection)
                : new TableServiceClient(storage.TableEndpoint ?? throw storage.Incomplete(), new DefaultAzureCredential());
        }
        catch (InvalidOperationException malformed) // the other clients say FormatException
        {
            throw new FormatException($"{StorageOptions.Section}:ConnectionString is none: {malformed.Message}", malformed);
        }

        Recordings = Table(StorageNames.RecordingsTable);
        Chunks = Table(StorageNames.ChunksTable);
        Segments = Table(StorageNames.SegmentsTable);
        Uploads = Table(StorageNames.UploadsTable);
        OpenWork = Table(StorageNames.OpenWorkTable);
        LakePending = Table(StorageNames.LakePendingTable);
        Feeds = Table(StorageNames.FeedsTable);
        Episodes = Table(StorageNames.EpisodesTable);
        Forgotten = Table(StorageNames.ForgottenTable);
    }

    /// <summary>Day, id.</summary>
    internal TableClient Recordings { get; }

    /// <summary>Recording id, channel and index.</summary>
    internal TableClient Chunks { get; }

    /// <summary>Recording id, channel and start in ms.</summary>
    internal TableClient Segments { get; }

    /// <summary>A hash of the blob's name.</summary>
    internal TableClient Uploads { get; }

    /// <summary>A recording id.</summary>
    internal TableClient OpenWork { get; }

    /// <summary>One partition, recording id.</summary>
    internal TableClient LakePending { get; }

    /// <summary>What a row is, its id.</summary>
    internal TableClient Feeds { get; }

    /// <summary>Feed id, key.</summary>
    internal TableClient Episodes { get; }

    /// <summary>What a row is, an id or a keyed hash.</summary>
    internal TableClient Forgotten { get; }

    /// <summary>A table.</summary>
    /// <param name="name">One of <see cref="StorageNames.Tables"/>.</param>
    internal TableClient Table(string name) => _service.GetTableClient(name);

    /// <summary>Creates what is missing: on a laptop nothing else does.</summary>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        foreach (string name in StorageNames.Tables)
            await Table(name).CreateIfNotExistsAsync(cancellationToken).ConfigureAwait(false);
    }
}
