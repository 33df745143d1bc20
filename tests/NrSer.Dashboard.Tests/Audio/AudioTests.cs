using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Core.Segmentation;
using NrSer.Dashboard.Audio;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Audio;

/// <summary>The file that nobody wrote.</summary>
public sealed class AudioTests(Site site)
{
    private const int HeaderBytes = 44;
    private const long Bytes = HeaderBytes + (180L * SegmentGrid.SampleRateHz * sizeof(short));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whole_IsAWaveFile_OfEverySample()
    {
        float[] samples = await Testing.Recordings.SamplesAsync(await site.Client.GetByteArrayAsync(AddressOf("original"), Stop));
        float[] expected = [.. Enumerable.Range(0, 3).SelectMany(chunk => FilledStore.SamplesOf(chunk, 1f))];
        Assert.Equal(expected.Length, samples.Length);
        double largest = expected.Zip(samples, (wanted, found) => Math.Abs(wanted - found)).Max();
        Assert.InRange(largest, 0, 0.51 / 32768); // PCM16 rounds to the nearest
    }

    [Theory]
    [InlineData(0, null, Bytes)] // as a browser begins: 206 all the same
    [InlineData(0, 0, 1)]
    [InlineData(43, 46, 4)] // across header and samples
    [InlineData(45, 48, 4)] // from the middle of a sample
    [InlineData(HeaderBytes + (60 * 32000) - 3, HeaderBytes + (60 * 32000) + 2, 6)] // across chunks
    [InlineData((int)Bytes - 1, null, 1)]
    public async Task Range_AnyPart_IsThatPartOfTheWhole(int from, int? to, long expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, AddressOf("original")) { Headers = { Range = new RangeHeaderValue(from, to) } };
        using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal($"bytes {from}-{to ?? Bytes - 1}/{Bytes}", answer.Content.Headers.ContentRange!.ToString());
        byte[] part = await answer.Content.ReadAsByteArrayAsync(Stop);
        Assert.Equal(expected, part.Length);
        if (expected > 100)
            return;
        byte[] whole = await site.Client.GetByteArrayAsync(AddressOf("original"), Stop);
        Assert.Equal(whole[from..(from + part.Length)], part);
    }

    [Fact]
    public async Task Range_BeyondTheEnd_Is416()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, AddressOf("original")) { Headers = { Range = new RangeHeaderValue(Bytes, null) } };
        using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
    }

    // The beep lies where its second says, to the sample, in both versions: a seek is arithmetic, not a guess of a decoder.
    [Fact]
    public async Task Beep_InBothVersions_LiesAtItsSample()
    {
        foreach ((string version, float gain) in new[] { ("original", 1f), ("heard", 0.5f) })
        {
            long first = HeaderBytes + ((long)((FilledStore.BeepAt - 1) * SegmentGrid.SampleRateHz) * sizeof(short));
            using var request = new HttpRequestMessage(HttpMethod.Get, AddressOf(version))
            {
                Headers = { Range = new RangeHeaderValue(first, first + (2 * 32_000) - 1) },
            };
            using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
            byte[] pcm = await answer.Content.ReadAsByteArrayAsync(Stop);
            int beep = Enumerable.Range(0, pcm.Length / 2).First(at =>
                Math.Abs(BinaryPrimitives.ReadInt16LittleEndian(pcm.AsSpan(2 * at)) / 32768f) > 0.3f * gain);
            Assert.InRange(beep, SegmentGrid.SampleRateHz, SegmentGrid.SampleRateHz + 16); // within 1 ms: the tone has to rise first
        }
    }

    [Fact]
    public async Task TwoHundredRanges_AtOnce_AreAnsweredWithoutHoldingTheFile()
    {
        Uri address = AddressOf("heard");
        async Task<int> RangeAsync(int at)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get,
                address)
            { Headers = { Range = new RangeHeaderValue(at * 20_000, (at * 20_000) + 63_999) } };
            using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
            return (await answer.Content.ReadAsByteArrayAsync(Stop)).Length;
        }

        await RangeAsync(0);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        int[] lengths = await Task.WhenAll(Enumerable.Range(0, 200).Select(RangeAsync));
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.All(lengths, length => Assert.Equal(64_000, length));
        Assert.InRange(grown, long.MinValue, 150_000_000); // 200 files of this length would be 1.1 GB; what stays is pools, and other tests'
    }

    [Fact]
    public async Task Heard_WhoseUploadIsGoneToo_Is410WithTheReason()
    {
        (int status, System.Text.Json.JsonElement problem) = await site.RefusedAsync($"recordings/{site.Store.Silent.Id}/audio?version=heard");
        Assert.Equal(410, status);
        Assert.Contains("The upload was deleted", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(410, (await site.RefusedAsync($"recordings/{site.Store.Silent.Id}/audio")).Status); // its upload is gone, too
    }

    // What is uploaded is never sent: the answer is our own WAVE file, decoded again as ingest did it.
    [Fact]
    public async Task Original_ThatIsGone_IsDecodedAgainOnRequest()
    {
        byte[] upload = Testing.Recordings.Aiff(channels: 1, seconds: 30);
        Azure.Storage.Blobs.BlobClient blob = site.Store.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient("again.aiff");
        await blob.UploadAsync(BinaryData.FromBytes(upload), overwrite: true, Stop);
        string etag = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.ETag.ToString().Trim('"');
        Recording recording = GeneratedResults.Recording(10_005, new DateOnly(2026, 1, 5), 0) with
        {
            BlobName = "again.aiff",
            BlobETag = etag,
            DurationSeconds = 30,
            ExpectedChunks = 1,
            MaxChunkSeconds = 300,
        };
        await site.Store.Account.Store.AdvanceAsync(recording, Stop);
        var chunk = new Chunk { Id = new ChunkId(recording.Id, 0, 0), StartSample = 0, Samples = 30 * SegmentGrid.SampleRateHz };
        await site.Store.Account.Store.MergeChunkAsync(chunk, Stop);

        System.Text.Json.JsonElement before = await site.GetAsync($"recordings/{recording.Id}");
        byte[][] answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ =>
            site.Client.GetByteArrayAsync(AddressOf("original", recording.Id), Stop)));
        Assert.Equal("decoded", before.GetProperty("audio").GetProperty("original").GetString());
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.Equal("RIFF"u8, answers[0].AsSpan(0, 4));
        float[] samples = await Testing.Recordings.SamplesAsync(answers[0]);
        Assert.Equal(BinaryPrimitives.ReadInt16BigEndian(upload.AsSpan(^2..)) / 32768f, samples[^1]); // 16 kHz mono: nothing to resample
        Assert.Equal("stored", (await site.GetAsync($"recordings/{recording.Id}")).GetProperty("audio").GetProperty("original").GetString());
    }

    // Of the upload and the rows, as the stages made it; Pipeline's tests compare every sample.
    [Fact]
    public async Task Heard_ThatIsGone_IsMadeAgainOnRequest()
    {
        Recording recording = await site.Store.FadedAsync(10_007);
        System.Text.Json.JsonElement before = (await site.GetAsync($"recordings/{recording.Id}")).GetProperty("audio");
        byte[][] answers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ =>
            site.Client.GetByteArrayAsync(AddressOf("heard", recording.Id), Stop)));
        Assert.Equal(("decoded", "made"), (before.GetProperty("original").GetString(), before.GetProperty("heard").GetString()));
        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(12 * SegmentGrid.SampleRateHz, (await Testing.Recordings.SamplesAsync(answers[0])).Length);
        Assert.NotEqual(answers[0], await site.Client.GetByteArrayAsync(AddressOf("original", recording.Id), Stop));
        System.Text.Json.JsonElement after = (await site.GetAsync($"recordings/{recording.Id}")).GetProperty("audio");
        Assert.Equal(("stored", "stored"), (after.GetProperty("original").GetString(), after.GetProperty("heard").GetString()));
    }

    [Fact]
    public async Task Heard_OfAnotherEnhancer_IsNotMadeUp()
    {
        Recording recording = await site.Store.FadedAsync(10_008, "another@1.0.0");
        System.Text.Json.JsonElement audio = (await site.GetAsync($"recordings/{recording.Id}")).GetProperty("audio");
        Assert.Equal("none", audio.GetProperty("heard").GetString());
        Assert.Contains("another@1.0.0 made it", audio.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(410, (await site.RefusedAsync($"recordings/{recording.Id}/audio?version=heard")).Status);
    }

    [Fact]
    public async Task Original_OfARecordingForgottenWhileItIsDecoded_IsTakenBack()
    {
        Azure.Storage.Blobs.BlobClient blob = site.Store.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient("forgotten.aiff");
        await blob.UploadAsync(BinaryData.FromBytes(Testing.Recordings.Aiff(channels: 1, seconds: 2)), overwrite: true, Stop);
        string etag = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.ETag.ToString().Trim('"');
        Recording asRead = GeneratedResults.Recording(10_006, new DateOnly(2026, 1, 6), 0) with { BlobName = "forgotten.aiff", BlobETag = etag };
        await site.Store.Account.Store.AdvanceAsync(asRead, Stop);
        await site.Services.GetRequiredService<ForgottenStore>().BuryAsync([asRead.Id], TimeProvider.System.GetUtcNow(), Stop);

        await site.Services.GetRequiredService<OriginalAudio>().RestoreAsync(asRead, new ChunkId(asRead.Id, 0, 0), Stop); // it was written
        await Polling.UntilAsync(async () => !await site.Store.Account.Blobs.Container(StorageNames.Chunks)
            .GetBlobsAsync(Azure.Storage.Blobs.Models.BlobTraits.None, Azure.Storage.Blobs.Models.BlobStates.None, $"{asRead.Id}/", Stop)
            .AnyAsync(Stop));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100)]
    public async Task Peaks_AtEveryRate_AreThoseOfTheSamples(int perSecond)
    {
        byte[] file = await site.Client.GetByteArrayAsync(
            new Uri($"api/v1/recordings/{site.Store.WithAudio.Id}/peaks?perSecond={perSecond}&from=120&to=180", UriKind.Relative), Stop);
        int[] header = [.. Enumerable.Range(0, 6).Select(field => BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(4 * field)))];
        Assert.Equal([2, 1, SegmentGrid.SampleRateHz, SegmentGrid.SampleRateHz / perSecond, 60 * perSecond, 1], header);
        Assert.Equal(24 + (2 * 60 * perSecond), file.Length);
        float[] samples = FilledStore.SamplesOf(2, 1f);
        float[][] windows = [.. samples.Chunk(SegmentGrid.SampleRateHz / perSecond)];
        for (int pair = 0; pair < windows.Length; pair++)
        {
            Assert.Equal(MathF.Round(windows[pair].Min() * 127), (sbyte)file[24 + (2 * pair)]);
            Assert.Equal(MathF.Round(windows[pair].Max() * 127), (sbyte)file[25 + (2 * pair)]);
        }
    }

    private Uri AddressOf(string version, RecordingId? id = null) =>
        new($"api/v1/recordings/{id ?? site.Store.WithAudio.Id}/audio?version={version}", UriKind.Relative);
}
