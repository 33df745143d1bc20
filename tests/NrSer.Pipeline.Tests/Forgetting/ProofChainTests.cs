using Azure.Storage.Blobs;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

public sealed class ProofChainTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task VerifyAsync_WholeChain_SaysNothing()
    {
        (ProofChain chain, _, _) = await ChainAsync(4);
        Assert.Empty(await chain.VerifyAsync(Stop).ToListAsync(Stop));
    }

    [Theory]
    [InlineData(2, "forgotten/00000002.json was changed")]
    [InlineData(4, "forgotten/00000004.json was changed")] // the last, which no other vouches for
    [InlineData(1, "forgotten/00000001.json was changed")]
    public async Task VerifyAsync_AChangedLink_NamesIt(int number, string complaint)
    {
        (ProofChain chain, _, BlobContainerClient results) = await ChainAsync(4);
        BlobClient blob = results.GetBlobClient(ProofChain.NameOf(number));
        string text = (await blob.DownloadContentAsync(Stop)).Value.Content.ToString();
        await blob.UploadAsync(BinaryData.FromString(text.Replace("20260309-", "20260310-", StringComparison.Ordinal)), overwrite: true, Stop);
        Assert.Contains(complaint, Assert.Single(await chain.VerifyAsync(Stop).ToListAsync(Stop)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task VerifyAsync_AMissingLink_NamesIt(int number)
    {
        (ProofChain chain, _, BlobContainerClient results) = await ChainAsync(4);
        await results.DeleteBlobAsync(ProofChain.NameOf(number), cancellationToken: Stop);
        Assert.Equal([$"forgotten/{number:D8}.json is missing."], await chain.VerifyAsync(Stop).ToListAsync(Stop));
    }

    [Fact]
    public async Task VerifyAsync_UnreadableOrRenamedLinksAndALostRow_NamesThem()
    {
        (ProofChain chain, StorageAccount account, BlobContainerClient results) = await ChainAsync(3);
        await results.GetBlobClient(ProofChain.NameOf(1)).UploadAsync(BinaryData.FromString("no proof"), overwrite: true, Stop);
        BinaryData third = (await results.GetBlobClient(ProofChain.NameOf(3)).DownloadContentAsync(Stop)).Value.Content;
        await results.GetBlobClient(ProofChain.NameOf(2)).UploadAsync(third, overwrite: true, Stop);
        await account.Tables.Forgotten.DeleteEntityAsync("head", "head", cancellationToken: Stop);
        List<string> said = await chain.VerifyAsync(Stop).ToListAsync(Stop);
        Assert.Contains(said, line => line.Contains("00000001.json cannot be read", StringComparison.Ordinal));
        Assert.Contains(said, line => line.Contains("00000002.json says that it is number 3", StringComparison.Ordinal));
        Assert.Contains(said, line => line.Contains("its row was deleted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AppendAsync_WriterDiedBeforeItSaidSo_GoesOnFromWhatItWrote()
    {
        (ProofChain chain, StorageAccount account, _) = await ChainAsync(3);
        var store = new ForgottenStore(account.Tables);
        ProofHead last = (await store.FindHeadAsync(Stop))!;
        await AppendAsync(chain);
        await store.WriteHeadAsync(last, Stop); // as it was before the fourth
        Assert.Equal(5, (await AppendAsync(chain)).Number);
        Assert.Empty(await chain.VerifyAsync(Stop).ToListAsync(Stop));
    }

    [Fact]
    public async Task AppendAsync_AtOnce_MakesOneChain()
    {
        (ProofChain chain, _, _) = await ChainAsync(0);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => AppendAsync(chain)));
        Assert.NotNull(await chain.FindAsync(6, Stop));
        Assert.Null(await chain.FindAsync(7, Stop));
        await AppendAsync(chain);
        Assert.Empty(await chain.VerifyAsync(Stop).ToListAsync(Stop));
    }

    private async Task<(ProofChain Chain, StorageAccount Account, BlobContainerClient Results)> ChainAsync(int links)
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var chain = new ProofChain(account.Blobs, new ForgottenStore(account.Tables));
        for (int link = 0; link < links; link++)
            await AppendAsync(chain);
        return (chain, account, account.Blobs.Container(StorageNames.Results));
    }

    private static async Task<ProofV1> AppendAsync(ProofChain chain) => (await chain.AppendAsync((number, previous) => Task.FromResult(new ProofV1
    {
        Number = number, Kind = nameof(ProofKind.Forgotten), At = new DateTimeOffset(2026, 3, 9, 0, 0, 0, TimeSpan.Zero),
        Recordings = ["20260309-0123456789abcdef"], Removed = RemovedV1.None, Previous = previous,
    }), Stop)).Proof;
}
