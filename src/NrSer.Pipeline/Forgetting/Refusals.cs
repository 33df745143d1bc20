using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Forgetting;

/// <summary>What is not to be taken in again, known by keyed hashes: whoever reads those without the key cannot tell of anything whether it was
/// here.</summary>
/// <remarks>
/// The key is a blob of the container <c>keys</c>: 32 bytes, and 32 more with every rotation, the latest first. New hashes are made with the latest,
/// and all are asked, since a hash cannot be made anew without what it was made of. Where there is no key, nothing was ever refused, and nothing more
/// is asked. It is read each time: what has just been refused, by whomever, is not to be taken in again.
/// </remarks>
/// <param name="storage">Has the key.</param>
/// <param name="store">The hashes.</param>
public sealed class Refusals(BlobStorage storage, ForgottenStore store)
{
    private const int KeyBytes = 32; // of HMAC-SHA-256: RFC 2104, no shorter than the hash

    /// <summary>Name of the key's blob.</summary>
    public const string KeyName = "forgotten";

    private readonly BlobClient _blob = storage.Container(StorageNames.Keys).GetBlobClient(KeyName);

    /// <summary>Whether a content is not to be taken in.</summary>
    /// <param name="sha256">Its hash, lower-case hex.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public Task<bool> IsRefusedAsync(string sha256, CancellationToken cancellationToken) =>
        IsRefusedAsync(Refused.Content, sha256, cancellationToken);

    /// <summary>Whether an episode is not to be taken in.</summary>
    /// <param name="feedId">Its feed.</param>
    /// <param name="key">A hash of its feed and identity.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public Task<bool> IsRefusedAsync(string feedId, string key, CancellationToken cancellationToken) =>
        IsRefusedAsync(Refused.Episode, TextOf(feedId, key), cancellationToken);

    /// <summary>Tells of many episodes whether they are not to be taken in; null where none is.</summary>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task<Func<Episode, bool>?> OfEpisodesAsync(CancellationToken cancellationToken)
    {
        byte[][] keys = await KeysAsync(cancellationToken).ConfigureAwait(false);
        if (keys.Length == 0)
            return null;
        IReadOnlySet<string> hashes = await store.RefusedAsync(Refused.Episode, cancellationToken).ConfigureAwait(false);
        return episode => hashes.Count > 0 && episode.Keys.Any(name =>
            keys.Any(key => hashes.Contains(HashOf(key, Refused.Episode, TextOf(episode.FeedId, name)))));
    }

    /// <summary>Keeps contents from being taken in.</summary>
    /// <param name="sha256">Their hashes.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public Task RefuseAsync(IEnumerable<string> sha256, CancellationToken cancellationToken) =>
        RefuseAsync(Refused.Content, [.. sha256], cancellationToken);

    /// <summary>Keeps episodes from being taken in.</summary>
    /// <param name="episodes">Their feeds and keys.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public Task RefuseAsync(IEnumerable<(string FeedId, string Key)> episodes, CancellationToken cancellationToken) =>
        RefuseAsync(Refused.Episode, [.. episodes.Select(episode => TextOf(episode.FeedId, episode.Key))], cancellationToken);

    /// <summary>Puts a new key before those that there are.</summary>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>How many there are now.</returns>
    /// <exception cref="RefusalKeyException">There should be one, and there is none.</exception>
    public async Task<int> RotateAsync(CancellationToken cancellationToken)
    {
        (byte[] content, ETag? seen) = await DownloadAsync(cancellationToken).ConfigureAwait(false);
        if (seen is null)
            return (await CreateAsync(cancellationToken).ConfigureAwait(false)).Length;
        await WriteAsync([.. RandomNumberGenerator.GetBytes(KeyBytes), .. content], seen, cancellationToken).ConfigureAwait(false);
        return (await KeysAsync(cancellationToken).ConfigureAwait(false)).Length;
    }

    /// <summary>Names of keys by which something is refused and which are lost: what they refused is taken in again.</summary>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>How much was refused by each.</returns>
    public async Task<IReadOnlyDictionary<string, int>> LostAsync(CancellationToken cancellationToken)
    {
        byte[][] keys = await KeysAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, int> used = await store.KeysInUseAsync(cancellationToken).ConfigureAwait(false);
        return used.ExceptBy(keys.Select(IdOf), pair => pair.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
    }

    private static string TextOf(string feedId, string key) => $"{feedId}\n{key}";

    private async Task<bool> IsRefusedAsync(Refused kind, string text, CancellationToken cancellationToken)
    {
        foreach (byte[] key in await KeysAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await store.IsRefusedAsync(kind, HashOf(key, kind, text), cancellationToken).ConfigureAwait(false))
                return true;
        }

        return false;
    }

    private async Task RefuseAsync(Refused kind, string[] texts, CancellationToken cancellationToken)
    {
        if (texts.Length == 0)
            return;
        byte[][] keys = await KeysAsync(cancellationToken).ConfigureAwait(false);
        if (keys.Length == 0)
            keys = await CreateAsync(cancellationToken).ConfigureAwait(false);
        await store.RefuseAsync(kind, texts.Select(text => HashOf(keys[0], kind, text)), IdOf(keys[0]), cancellationToken).ConfigureAwait(false);
    }

    private static string HashOf(byte[] key, Refused kind, string text) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{kind}\n{text}")));

    private static string IdOf(byte[] key) => Convert.ToHexStringLower(SHA256.HashData(key).AsSpan(0, 4));

    private async Task<byte[][]> KeysAsync(CancellationToken cancellationToken) =>
        Split((await DownloadAsync(cancellationToken).ConfigureAwait(false)).Content);

    /// <summary>Makes the first key, unless one was there and is lost: with another, nobody would notice.</summary>
    private async Task<byte[][]> CreateAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, int> used = await store.KeysInUseAsync(cancellationToken).ConfigureAwait(false);
        if (used.Count > 0)
        {
            throw new RefusalKeyException(
                $"The key {StorageNames.Keys}/{KeyName} is gone, and {used.Values.Sum()} things are refused by it. Put it back, or see "
                + "docs/forgetting.md on a lost key.");
        }

        await WriteAsync(RandomNumberGenerator.GetBytes(KeyBytes), seen: null, cancellationToken).ConfigureAwait(false);
        return await KeysAsync(cancellationToken).ConfigureAwait(false);
    }

    private static byte[][] Split(byte[] content) => content.Length % KeyBytes == 0 ? [.. content.Chunk(KeyBytes)]
        : throw new RefusalKeyException($"The key {StorageNames.Keys}/{KeyName} is damaged: {content.Length} bytes, which is no multiple of 32.");

    private async Task<(byte[] Content, ETag? Seen)> DownloadAsync(CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await _blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return (found.Content.ToArray(), found.Details.ETag);
        }
        catch (RequestFailedException missing) when (missing.Status == 404) // a deployment of before has no such container either
        {
            return ([], null);
        }
    }

    private async Task WriteAsync(byte[] content, ETag? seen, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobUploadOptions
            {
                Conditions = seen is { } etag ? new BlobRequestConditions { IfMatch = etag } : new BlobRequestConditions { IfNoneMatch = ETag.All },
            };
            await _blob.UploadAsync(BinaryData.FromBytes(content), options, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException race) when (race.Status is 409 or 412)
        {
            // Another was faster: theirs serves as well.
        }
    }
}

/// <summary>The key of what is refused is missing or damaged.</summary>
/// <param name="message">Which, and a way out.</param>
public sealed class RefusalKeyException(string message) : Exception(message);
