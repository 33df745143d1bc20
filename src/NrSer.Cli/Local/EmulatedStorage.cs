using Azure;
using NrSer.Emulator;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;

namespace NrSer.Cli.Local;

/// <summary>The emulator of a stack.</summary>
/// <param name="folder">Its data.</param>
/// <param name="savedBefore">When the one before it had last written them down.</param>
internal sealed class EmulatedStorage(string folder, DateTime savedBefore) : IEmulatedStorage
{
    /// <inheritdoc/>
    public DateTime SavedBefore => savedBefore;

    /// <inheritdoc/>
    public DateTime SavedAt => File.GetLastWriteTimeUtc(AzuriteProcess.BlobListOf(folder));

    /// <inheritdoc/>
    public bool IsFull => AzuriteProcess.FullnessOf(folder) > AzuriteProcess.Full;

    /// <inheritdoc/>
    public IEnumerable<Upload> Uploads() => EmulatorFiles.Blobs(folder, StorageNames.Recordings)
        .Select(blob => Upload.Of(blob.Name, new ETag(blob.ETag), blob.CreatedOn, blob.Bytes));
}
