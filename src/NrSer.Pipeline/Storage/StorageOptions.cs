using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Storage;

/// <summary>Where blobs, tables and storage queues are: a connection string (Azurite), or endpoints used with an Entra identity (Azure).</summary>
public sealed class StorageOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Storage";

    /// <summary>For the emulator only; in Azure there are no keys.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Blob endpoint of the account with the recordings and all audio made from them.</summary>
    public Uri? BlobEndpoint { get; init; }

    /// <summary>Blob endpoint of the account with the results, for people who may not hear recordings; null where it is the same account.</summary>
    public Uri? ResultsBlobEndpoint { get; init; }

    /// <summary>Table endpoint of the account with the results.</summary>
    public Uri? TableEndpoint { get; init; }

    /// <summary>Queue endpoint; null where Service Bus carries the messages.</summary>
    public Uri? QueueEndpoint { get; init; }

    /// <summary>What a client says that finds no address of its own.</summary>
    internal OptionsValidationException Incomplete() =>
        new(Section, GetType(), [$"Set {Section}:ConnectionString, or BlobEndpoint and TableEndpoint."]);
}
