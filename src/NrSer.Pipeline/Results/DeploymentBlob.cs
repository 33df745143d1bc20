using System.Text.Json;
using System.Text.Json.Serialization;
using Azure;
using Azure.Storage.Blobs;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Results;

/// <summary>What a deployment says of itself, <c>results/deployment.json</c>: for whom and what for.</summary>
/// <param name="storage">The account.</param>
/// <param name="time">The clock.</param>
public sealed class DeploymentBlob(BlobStorage storage, TimeProvider time)
{
    /// <summary>Its name within the container of results.</summary>
    public const string Name = "deployment.json";

    private static readonly TimeSpan s_fresh = TimeSpan.FromMinutes(5); // so long recordings may still be given the purpose of before

    private readonly BlobClient _blob = storage.Container(StorageNames.Results).GetBlobClient(Name);
    private (DeploymentV1? Deployment, DateTimeOffset ReadAt)? _read;

    /// <summary>What it says, at most five minutes ago.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<DeploymentV1?> RecentAsync(CancellationToken cancellationToken)
    {
        if (_read is not { } read || time.GetUtcNow() - read.ReadAt >= s_fresh)
            _read = read = (await FindAsync(cancellationToken).ConfigureAwait(false), time.GetUtcNow());
        return read.Deployment;
    }

    /// <summary>What it says; null where nobody has said anything.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<DeploymentV1?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            BinaryData content = (await _blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false)).Value.Content;
            return JsonSerializer.Deserialize(content.ToMemory().Span, DeploymentJsonContext.Default.DeploymentV1);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
        catch (JsonException damaged)
        {
            throw new FormatException($"{StorageNames.Results}/{Name} cannot be read: {damaged.Message} Write it anew: nrser purpose set", damaged);
        }
    }

    /// <summary>Says it.</summary>
    /// <param name="deployment">All of it.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task WriteAsync(DeploymentV1 deployment, CancellationToken cancellationToken)
    {
        await _blob.UploadAsync(
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(deployment, DeploymentJsonContext.Default.DeploymentV1)), overwrite: true,
            cancellationToken).ConfigureAwait(false);
        _read = null;
    }
}

/// <summary><c>deployment.json</c>.</summary>
/// <param name="Version">1.</param>
/// <param name="Purpose">What results may be used for.</param>
/// <param name="Setting">Where, if people depend there on those who listen.</param>
/// <param name="Text">In words; null where the purpose says it all.</param>
/// <param name="Contact">Whom to ask; null where nobody is named.</param>
/// <param name="SetAt">When that was said.</param>
public sealed record DeploymentV1(int Version, Purpose Purpose, PurposeSetting? Setting, string? Text, string? Contact, DateTimeOffset SetAt)
{
    /// <summary>The purpose, without the setting.</summary>
    [JsonIgnore] public string Label => Text is null ? $"{Purpose}" : $"{Purpose}: {Text}";

    /// <summary>The purpose as rows, receipts and exports carry it.</summary>
    [JsonIgnore] public string LabelWithSetting => Setting is { } setting ? $"{Label} ({setting})" : Label;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DeploymentV1))]
internal sealed partial class DeploymentJsonContext : JsonSerializerContext;
