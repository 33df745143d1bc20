using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace NrSer.Pipeline.Podcasts;

/// <summary>
/// A blob in the making: blocks are staged as they come, and nobody sees anything before all of it is known and committed. What is never committed
/// the service throws away, at the next commit under that name or after a week.
/// </summary>
/// <param name="container">Where.</param>
/// <param name="buffer">A block: what comes is held here until it is full.</param>
/// <param name="owner">Tells the blocks of this attempt from those of others.</param>
internal sealed class StagedBlob(BlobContainerClient container, byte[] buffer, string owner) : IDisposable
{
    private readonly List<string> _blocks = [];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _filled;
    private int _resets;

    /// <summary>Its name, which has to be known before a block is full.</summary>
    public string? Name { get; set; }

    /// <summary>Bytes that came.</summary>
    public long Bytes { get; private set; }

    /// <summary>The first bytes, while they are held.</summary>
    public ReadOnlySpan<byte> Head => buffer.AsSpan(0, _filled);

    /// <summary>Where the next bytes go.</summary>
    public Memory<byte> Free => buffer.AsMemory(_filled);

    /// <summary>Takes note of bytes that were written to <see cref="Free"/>, and stages a block when it is full.</summary>
    public async Task AdvanceAsync(int bytes, CancellationToken cancellationToken)
    {
        _hash.AppendData(buffer.AsSpan(_filled, bytes));
        _filled += bytes;
        Bytes += bytes;
        if (_filled == buffer.Length)
            await StageAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Begins again.</summary>
    public void Reset()
    {
        _blocks.Clear();
        _hash.GetHashAndReset();
        (_filled, Bytes, Name) = (0, 0, null);
        _resets++;
    }

    /// <summary>SHA-256 of all that came; once.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <summary>Makes it a blob, unless there is one.</summary>
    /// <returns>False when there was one, which stays.</returns>
    public async Task<bool> CommitAsync(IDictionary<string, string> metadata, string? contentType, CancellationToken cancellationToken)
    {
        if (_filled > 0)
            await StageAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await Blob().CommitBlockListAsync(_blocks, new CommitBlockListOptions
            {
                Metadata = metadata, HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
                Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException there) when (there.ErrorCode == BlobErrorCode.BlobAlreadyExists)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private async Task StageAsync(CancellationToken cancellationToken)
    {
        string id = Convert.ToBase64String(Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{owner[..16]}{_resets:D4}{_blocks.Count:D8}")));
        using var content = new MemoryStream(buffer, 0, _filled, writable: false);
        await Blob().StageBlockAsync(id, content, cancellationToken: cancellationToken).ConfigureAwait(false);
        _blocks.Add(id);
        _filled = 0;
    }

    private BlockBlobClient Blob() => container.GetBlockBlobClient(Name ?? throw new InvalidOperationException("The blob has no name yet."));
}
