using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Says what remains of something forgotten that no command can delete.</summary>
/// <param name="storage">The accounts.</param>
/// <param name="options">How long logs are kept.</param>
public sealed class Remains(BlobStorage storage, IOptions<ForgetOptions> options)
{
    private static readonly RemainsV1[] s_elsewhere =
    [
        new("Messages in work, and in Service Bus: they find the tombstone and complete as soon as they are received.", Until: null),
        new("Backups of the storage accounts, and copies that people made: exports, `nrser lake copy`, files that `nrser query` and BI tools keep.",
            Until: null),
    ];

    /// <summary>What may remain from now on.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task<IReadOnlyList<RemainsV1>> OfAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var remains = new List<RemainsV1>();
        foreach ((string container, string what) in new[] { (StorageNames.Recordings, "recordings"), (StorageNames.Results, "results") })
        {
            if (await SoftDeleteAsync(storage.Container(container), now, cancellationToken).ConfigureAwait(false) is { } until)
                remains.Add(until with { What = $"Blobs of the account of {what}: {until.What}" });
        }

        return [.. remains.DistinctBy(remain => remain.What), Logs(now), .. s_elsewhere];
    }

    /// <summary>Lines may be written until the last look: an event may come a day late and find the upload gone.</summary>
    private RemainsV1 Logs(DateTimeOffset now) => options.Value is { LogsKept: { } kept, FinalAfter: { } last }
        ? new RemainsV1(
            string.Create(CultureInfo.InvariantCulture, $"Log lines with the upload's name: logs are kept for {kept.TotalDays:0.##} days."),
            now + last + kept)
        : new RemainsV1("Log lines with the upload's name, where logs are kept, for as long as they are.", Until: null);

    private static async Task<RemainsV1?> SoftDeleteAsync(BlobContainerClient container, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            BlobServiceProperties properties = await container.GetParentBlobServiceClient().GetPropertiesAsync(cancellationToken)
                .ConfigureAwait(false);
            return properties.DeleteRetentionPolicy is { Enabled: true, Days: { } days }
                ? new RemainsV1($"soft delete keeps them for {days} days.", now.AddDays(days)) : null;
        }
        catch (RequestFailedException refused) when (refused.Status == 403)
        {
            return new RemainsV1("soft delete may keep them for its period; this identity may not read whether it is on.", Until: null);
        }
    }
}
