using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CommunityToolkit.HighPerformance;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Chunks;

/// <summary>Decoded chunks, reconstituted chunks and segment manifests. Audio is 16 kHz mono float32 WAV, so nothing is lost between
/// stages.</summary>
/// <param name="storage">The account.</param>
public sealed class ChunkBlobs(BlobStorage storage)
{
    private const int LargestFileBytes = 1 << 25; // the power of two above 5 min of float32
    private const string AudioSuffix = ".wav";
    private const string PeaksSuffix = ".dat";
    private const int AudioHeaderBytes = 58; // of a WAVE file of floats, as WavWriter writes it
    private const int FilesAtOnce = 4; // more than one process writes

    private static readonly AudioOptions s_ownFiles = new();
    private static readonly ArrayPool<byte> s_files = ArrayPool<byte>.Create(LargestFileBytes, FilesAtOnce); // not shared, as in ChunkMemory

    private readonly BlobContainerClient _chunks = storage.Container(StorageNames.Chunks);
    private readonly BlobContainerClient _enhanced = storage.Container(StorageNames.Enhanced);

    /// <summary>Keys of the chunks whose audio is stored.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="version">As it was decoded, which is what an earlier run of ingest wrote, or as the emotion model heard it.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<IReadOnlySet<string>> StoredAsync(RecordingId id, AudioVersion version, CancellationToken cancellationToken)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        await foreach (
            BlobItem blob in Container(version).GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{id}/", cancellationToken).ConfigureAwait(false))
        {
            if (blob.Name.EndsWith(AudioSuffix, StringComparison.Ordinal))
                keys.Add(Path.GetFileNameWithoutExtension(blob.Name));
        }

        return keys;
    }

    /// <summary>Opens some of a chunk's samples, float32, as they lie in the blob; the caller disposes them.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="version">Which audio.</param>
    /// <param name="firstSample">The first of them.</param>
    /// <param name="samples">How many: not beyond the chunk's end.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>Null where that audio is not stored, or no longer.</returns>
    public async Task<Stream?> OpenSamplesAsync(
        ChunkId id, AudioVersion version, int firstSample, int samples, CancellationToken cancellationToken)
    {
        var range = new HttpRange(AudioHeaderBytes + ((long)firstSample * sizeof(float)), (long)samples * sizeof(float));
        try
        {
            BlobDownloadStreamingResult found = await Container(version).GetBlobClient(AudioName(id))
                .DownloadStreamingAsync(new BlobDownloadOptions { Range = range }, cancellationToken).ConfigureAwait(false);
            return found.Content;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>The peaks of a chunk, as <see cref="ChunkPeaks"/> wrote them; null where there are none: versions before 0.2 made none.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="version">Of which audio.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<byte[]?> FindPeaksAsync(ChunkId id, AudioVersion version, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await Container(version).GetBlobClient(PeaksName(id)).DownloadContentAsync(cancellationToken)
                .ConfigureAwait(false);
            return found.Content.ToArray();
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Stores a decoded chunk.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="samples">x.</param>
    /// <param name="cancellationToken">Stops the upload; an unfinished one leaves nothing.</param>
    public Task WriteChunkAsync(ChunkId id, ReadOnlyMemory<float> samples, CancellationToken cancellationToken) =>
        WriteAsync(_chunks, id, samples, cancellationToken);

    /// <summary>Stores a reconstituted chunk.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="samples">y.</param>
    /// <param name="cancellationToken">Stops the upload; an unfinished one leaves nothing.</param>
    public Task WriteEnhancedAsync(ChunkId id, ReadOnlyMemory<float> samples, CancellationToken cancellationToken) =>
        WriteAsync(_enhanced, id, samples, cancellationToken);

    /// <summary>Loads a decoded chunk; the caller disposes it.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="samples">Its length.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    public Task<MemoryOwner<float>> ReadChunkAsync(ChunkId id, int samples, CancellationToken cancellationToken) =>
        ReadAsync(_chunks, id, samples, cancellationToken);

    /// <summary>Loads a reconstituted chunk; the caller disposes it.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="samples">Its length.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    public Task<MemoryOwner<float>> ReadEnhancedAsync(ChunkId id, int samples, CancellationToken cancellationToken) =>
        ReadAsync(_enhanced, id, samples, cancellationToken);

    /// <summary>Whether the reconstituted chunk is stored.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<bool> HasEnhancedAsync(ChunkId id, CancellationToken cancellationToken) =>
        await _enhanced.GetBlobClient(AudioName(id)).ExistsAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>The chunk's manifest, or null before it is decided.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<SegmentManifestV1?> FindManifestAsync(ChunkId id, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await _enhanced.GetBlobClient(ManifestName(id)).DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return JsonSerializer.Deserialize(found.Content.ToMemory().Span, ManifestJsonContext.Default.SegmentManifestV1);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Decides the chunk's segments, unless another run was faster.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="manifest">This run's proposal.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The manifest that counts: this one, or the one that was there first.</returns>
    public async Task<SegmentManifestV1> DecideManifestAsync(ChunkId id, SegmentManifestV1 manifest, CancellationToken cancellationToken)
    {
        try
        {
            await _enhanced.GetBlobClient(ManifestName(id)).UploadAsync(
                BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJsonContext.Default.SegmentManifestV1)),
                new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } }, cancellationToken).ConfigureAwait(false);
            return manifest;
        }
        catch (RequestFailedException taken) when (taken.Status is 409 or 412)
        {
            return await FindManifestAsync(id, cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException($"The manifest of {id} was there and is gone.", taken);
        }
    }

    /// <summary>Everything derived from a recording as it is now: chunks, reconstituted chunks, manifests, peaks.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<ListedBlob> ListAsync(RecordingId id, CancellationToken cancellationToken) =>
        ListedBlob.ListAsync(_chunks, $"{id}/", cancellationToken).Concat(ListedBlob.ListAsync(_enhanced, $"{id}/", cancellationToken));

    /// <summary>Removes a recording's chunks and reconstituted chunks, and leaves manifests and peaks.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between blobs.</param>
    public async Task DeleteAudioAsync(RecordingId id, CancellationToken cancellationToken)
    {
        await foreach ((BlobClient blob, _) in ListAsync(id, cancellationToken).ConfigureAwait(false))
        {
            if (blob.Name.EndsWith(AudioSuffix, StringComparison.Ordinal))
                await blob.DeleteIfExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="DeleteAudioAsync(RecordingId, CancellationToken)"/>
    /// <param name="chunks">All of its chunks: nothing is listed, since what a listing costs grows with the account.</param>
    /// <param name="cancellationToken">As there.</param>
    public async Task DeleteAudioAsync(IEnumerable<ChunkId> chunks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        foreach (ChunkId chunk in chunks)
        {
            foreach (BlobContainerClient container in new[] { _chunks, _enhanced })
                await container.DeleteBlobIfExistsAsync(AudioName(chunk), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync(BlobContainerClient container, ChunkId id, ReadOnlyMemory<float> samples,
        CancellationToken cancellationToken)
    {
        // Peaks first: where audio is, they are too.
        await container.GetBlobClient(PeaksName(id)).UploadAsync(BinaryData.FromBytes(ChunkPeaks.Of(samples.Span)), overwrite: true,
            cancellationToken)
            .ConfigureAwait(false);

        // Whole in memory and sent in one go: a stream that is closed half-way would leave a short blob behind.
        using var file = new ArrayPoolBufferWriter<byte>(s_files, (samples.Length * sizeof(float)) + 64);
        using (Stream target = file.AsStream())
        {
            var writer = new WavWriter(target, WavSampleFormat.IeeeFloat, SegmentGrid.SampleRateHz, channels: 1, samples.Length);
            await writer.WriteAsync(samples, cancellationToken).ConfigureAwait(false);
            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        using Stream source = file.WrittenMemory.AsStream();
        await container.GetBlobClient(AudioName(id)).UploadAsync(source, overwrite: true, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<MemoryOwner<float>> ReadAsync(BlobContainerClient container, ChunkId id, int samples,
        CancellationToken cancellationToken)
    {
        using BlobDownloadStreamingResult download = await container.GetBlobClient(AudioName(id))
            .DownloadStreamingAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        MemoryOwner<float> audio = ChunkMemory.Rent(samples);
        try
        {
            WavReader reader = await WavReader.OpenAsync(download.Content, s_ownFiles, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closing = reader.ConfigureAwait(false);
            int filled = 0, read;
            while ((read = filled == samples ? 0 : await reader.ReadAsync(audio.Memory[filled..], cancellationToken).ConfigureAwait(false)) > 0)
                filled += read;
            return filled == samples ? audio : throw new InvalidOperationException($"Chunk {id} holds {filled} samples, its row says {samples}.");
        }
        catch
        {
            audio.Dispose();
            throw;
        }
    }

    private BlobContainerClient Container(AudioVersion version) => version == AudioVersion.Heard ? _enhanced : _chunks;

    private static string PeaksName(ChunkId id) => $"{id.Recording}/{id.Key}{PeaksSuffix}";

    private static string AudioName(ChunkId id) => $"{id.Recording}/{id.Key}{AudioSuffix}";

    private static string ManifestName(ChunkId id) => $"{id.Recording}/{id.Key}.json";
}

/// <summary>One of the two that a person can compare.</summary>
public enum AudioVersion
{
    /// <summary>x: as it was decoded.</summary>
    Original,

    /// <summary>y: as the emotion model heard it.</summary>
    Heard,
}
