using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Forgetting;

/// <summary>The proofs: each is written once and holds the hash of the one before, so that none can be changed or left out unnoticed.</summary>
/// <param name="storage">The account.</param>
/// <param name="store">Knows the last one, which no other vouches for.</param>
public sealed class ProofChain(BlobStorage storage, ForgottenStore store)
{
    private const string Folder = "forgotten/";

    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);

    /// <summary>Name of a proof's blob within the container of results.</summary>
    /// <param name="number">Its number.</param>
    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{Folder}{number:D8}.json");

    /// <summary>Adds a proof.</summary>
    /// <param name="make">Makes it of its number and the hash of the one before; called again where the number was taken.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>As written.</returns>
    public async Task<(ProofV1 Proof, ProofHead Head)> AppendAsync(
        Func<int, string?, Task<ProofV1>> make, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(make);
        ProofHead? head = await store.FindHeadAsync(cancellationToken).ConfigureAwait(false) ?? await LastListedAsync(cancellationToken)
            .ConfigureAwait(false);
        while (true)
        {
            int number = (head?.Number ?? 0) + 1;
            ProofV1 proof = await make(number, head?.Sha256).ConfigureAwait(false);
            byte[] content = JsonSerializer.SerializeToUtf8Bytes(proof, ProofJsonContext.Default.ProofV1);
            try
            {
                var onlyNew = new BlobUploadOptions
                {
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                };
                await _results.GetBlobClient(NameOf(number)).UploadAsync(BinaryData.FromBytes(content), onlyNew, cancellationToken)
                    .ConfigureAwait(false);
                head = new ProofHead(number, HashOf(content));
                await store.WriteHeadAsync(head, cancellationToken).ConfigureAwait(false);
                return (proof, head);
            }
            catch (RequestFailedException taken) when (taken.Status is 409 or 412)
            {
                // Its writer died before it could say so, or another is faster: go on from there.
                head = new ProofHead(number, HashOf((await ReadAsync(number, cancellationToken).ConfigureAwait(false))!));
            }
        }
    }

    /// <summary>A proof, or null.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<ProofV1?> FindAsync(int number, CancellationToken cancellationToken) =>
        await ReadAsync(number, cancellationToken).ConfigureAwait(false) is { } content ? Parse(content) : null;

    /// <summary>Looks whether the chain is whole.</summary>
    /// <param name="cancellationToken">Stops between proofs.</param>
    /// <returns>A sentence for every link that is missing, was changed, or cannot be read; nothing where all is well.</returns>
    public async IAsyncEnumerable<string> VerifyAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ProofHead? head = await store.FindHeadAsync(cancellationToken).ConfigureAwait(false);
        int last = Math.Max(head?.Number ?? 0, (await LastListedAsync(cancellationToken).ConfigureAwait(false))?.Number ?? 0);
        (int Number, string Sha256)? before = null;
        for (int number = 1; number <= last; number++)
        {
            byte[]? content = await ReadAsync(number, cancellationToken).ConfigureAwait(false);
            if (content is null)
            {
                yield return $"{NameOf(number)} is missing.";
                before = null;
                continue;
            }

            ProofV1? proof = Parse(content);
            if (proof is null)
                yield return $"{NameOf(number)} cannot be read: it was changed.";
            else if (proof.Number != number)
                yield return $"{NameOf(number)} says that it is number {proof.Number}.";
            else if (number == 1 ? proof.Previous is not null : before is { } previous && proof.Previous != previous.Sha256)
            {
                yield return $"{NameOf(Math.Max(number - 1, 1))} was changed, or {NameOf(number)} was: the hash in the latter is not that of the "
                    + "former.";
            }

            string hash = HashOf(content);
            if (head?.Number == number && head.Sha256 != hash)
                yield return $"{NameOf(number)} was changed: its hash is not the one that was noted when it was written.";
            before = (number, hash);
        }

        if (last > 0 && head is null)
            yield return $"Table {StorageNames.ForgottenTable} does not know the last proof: its row was deleted.";
        else if (head is not null && head.Number < last - 1) // one may be written and not noted yet
            yield return $"Table {StorageNames.ForgottenTable} knows {head.Number} proofs, and there are {last}.";
    }

    private async Task<ProofHead?> LastListedAsync(CancellationToken cancellationToken)
    {
        int last = 0;
        await foreach (BlobItem blob in _results.GetBlobsAsync(BlobTraits.None, BlobStates.None, Folder, cancellationToken).ConfigureAwait(false))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(blob.Name), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                last = Math.Max(last, number);
        }

        return last == 0 ? null : new ProofHead(last, HashOf((await ReadAsync(last, cancellationToken).ConfigureAwait(false))!));
    }

    private async Task<byte[]?> ReadAsync(int number, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await _results.GetBlobClient(NameOf(number)).DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return found.Content.ToArray();
        }
        catch (RequestFailedException missing) when (missing.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return null;
        }
    }

    private static ProofV1? Parse(byte[] content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, ProofJsonContext.Default.ProofV1);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string HashOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
