using Azure.Storage.Blobs;
using NrSer.Core.Audio;
using NrSer.Core.Models;
using NrSer.Core.Segmentation;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests;

/// <summary>Recordings of every kind that the page has to cope with. None was ever spoken.</summary>
internal sealed class FilledStore
{
    /// <summary>Day of the many.</summary>
    public static readonly DateOnly LongDay = new(2026, 3, 9);

    /// <summary>What a browser would run, were it let.</summary>
    public const string HostileStart = "<img src=x onerror=\"document.title='owned'\">\u202Egpj.\u200B";

    /// <summary>How loud the second of two channels is against the first.</summary>
    public const float QuietGain = 0.25f;

    private const int ChunkSeconds = 60;

    private FilledStore(StorageAccount account) => Account = account;

    /// <summary>Where.</summary>
    public StorageAccount Account { get; }

    /// <summary>3 min with audio, a beep in its third minute.</summary>
    public Recording WithAudio { get; private set; } = null!;

    /// <summary>Its beep: 50 ms of 1 kHz from here, s.</summary>
    public const double BeepAt = 150.25;

    /// <summary>1 min of two channels that were kept apart, the second quieter.</summary>
    public Recording Apart { get; private set; } = null!;

    /// <summary>Failed, and may be retried.</summary>
    public Recording Failed { get; private set; } = null!;

    /// <summary>With a name that means harm.</summary>
    public Recording Hostile { get; private set; } = null!;

    /// <summary>A podcast with an episode, which is no recording yet.</summary>
    public Feed Feed { get; } = GeneratedResults.Feed(1);

    /// <summary>Its work audio was removed; nothing is left of its upload either.</summary>
    public Recording Silent { get; private set; } = null!;

    public static async Task<FilledStore> CreateAsync(StorageAccount account)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        var store = new FilledStore(account);
        await GeneratedResults.StoreRowsAsync(
            account, Enumerable.Range(0, Site.OrdinaryRecordings).Select(number => GeneratedResults.Recording(number, LongDay, 20)), stop);
        var latest = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        Recording[] recent = [.. Enumerable.Range(0, 30).Select(number => GeneratedResults.Recording(number, latest.AddDays(-number), 400) with
        {
            SpeechSeconds = 1000 + (40 * number), MeanSnrScore = 0.4 + (0.015 * number), MeanTrust = number / 30.0,
            DominantEmotion = GeneratedResults.EmotionOf(number),
        })];
        await GeneratedResults.StoreRowsAsync(account, recent, stop);

        store.WithAudio = GeneratedResults.Recording(10_001, latest, 45) with
        {
            BlobName = "interviews/with a beep.wav",
            SpeechSeconds = 140,
            MeanSnrScore = 0.83,
            MeanTrust = 0.5,
            DominantEmotion = "angry",
            DurationSeconds = 180,
            ExpectedChunks = 3,
            EnhancerModel = GeneratedResults.ModelOf(ModelKind.Enhancer),
            SnrLevelModel = GeneratedResults.ModelOf(ModelKind.SnrLevel),
            EmotionModel = GeneratedResults.ModelOf(ModelKind.Emotion),
            Channels = 1,
            Encoding = "wav pcm16",
            SampleRateHz = 16_000,
            Tags = "an interview, Radio",
            ListenUrl = "https://radio.example/1.mp3",
            Purpose = "Research: voices --> words",
        };
        await GeneratedResults.StoreAsync(account, store.WithAudio, stop);
        await StoreAudioAsync(account, store.WithAudio, stop);
        store.Apart = GeneratedResults.Recording(10_020, new DateOnly(2026, 1, 7), 30) with
        {
            BlobName = "calls/both sides.wav",
            ChannelMode = ChannelMode.Separate,
            DurationSeconds = ChunkSeconds,
            ExpectedChunks = 2,
        };
        await GeneratedResults.StoreAsync(account, store.Apart, stop);
        await StoreAudioAsync(account, store.Apart, stop);
        await SayAsync(account, stop);
        await GeneratedResults.StoreEpisodeAsync(account, store.Feed, GeneratedResults.Recording(10_005, latest, 0), HostileStart, stop);
        store.Failed = await StoredAsync(account, GeneratedResults.Recording(10_002, latest, 0) with
        {
            BlobName = "broken/lost chunk.mp3",
            Status = RecordingStatus.Failed,
            Reason = "1 of 3 chunks was given up: the storage did not answer.",
            DurationSeconds = 30,
            SegmentCount = null,
        }, stop);
        store.Hostile = await StoredAsync(account, GeneratedResults.Recording(10_003, latest, 0) with
        {
            BlobName = HostileStart + new string('x', 1000 - HostileStart.Length),
            Status = RecordingStatus.Rejected,
            Reason = "<script>document.title='owned'</script> is no audio.",
            DurationSeconds = null,
            SegmentCount = null,
        }, stop);
        store.Silent = GeneratedResults.Recording(10_004, latest, 20) with { BlobName = "archive/old.wav", ExpectedChunks = 1, DurationSeconds = 80 };
        await GeneratedResults.StoreAsync(account, store.Silent, stop);
        await account.Store.MergeChunkAsync(
            new Chunk { Id = new ChunkId(store.Silent.Id, 0, 0), StartSample = 0, Samples = 80 * SegmentGrid.SampleRateHz }, stop);
        return store;
    }

    /// <summary>What was recorded: a quiet hum, and a beep. What was heard is half as loud, and has the beep at the same place.</summary>
    public static float[] SamplesOf(int chunk, float gain)
    {
        var samples = new float[ChunkSeconds * SegmentGrid.SampleRateHz];
        for (int at = 0; at < samples.Length; at++)
        {
            double seconds = (chunk * ChunkSeconds) + (at / (double)SegmentGrid.SampleRateHz);
            double value = 0.05 * Math.Sin(2 * Math.PI * 110 * seconds) * (1 + Math.Sin(seconds));
            if (seconds >= BeepAt && seconds < BeepAt + 0.05)
                value += 0.8 * Math.Sin(2 * Math.PI * 1000 * seconds);
            samples[at] = gain * (float)value;
        }

        return samples;
    }

    /// <summary>A recording of 12 s whose upload and rows are there, and whose audio between stages is gone.</summary>
    /// <param name="number">Which; each test has its own.</param>
    /// <param name="enhancer">What made it; null for the embedded model.</param>
    public async Task<Recording> FadedAsync(int number, string? enhancer = null)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        string name = $"faded/{number}.aiff";
        BlobClient blob = Account.Blobs.Container(StorageNames.Recordings).GetBlobClient(name);
        await blob.UploadAsync(BinaryData.FromBytes(Testing.Recordings.Aiff(channels: 1, seconds: 12)), overwrite: true, stop);
        Recording recording = GeneratedResults.Recording(number, new DateOnly(2026, 1, 1), 3) with
        {
            BlobName = name,
            BlobETag = (await blob.GetPropertiesAsync(cancellationToken: stop)).Value.ETag.ToString().Trim('"'),
            Channels = 1,
            EnhancerModel = enhancer ?? GeneratedResults.ModelOf(ModelKind.Enhancer),
        };
        await GeneratedResults.StoreAsync(Account, recording, stop);
        var chunk = new Chunk { Id = new ChunkId(recording.Id, 0, 0), StartSample = 0, Samples = 12 * SegmentGrid.SampleRateHz };
        await Account.Store.MergeChunkAsync(chunk, stop);
        var blobs = new ChunkBlobs(Account.Blobs);
        await blobs.WriteChunkAsync(chunk.Id, new float[chunk.Samples.Value], stop); // peaks stay
        await blobs.WriteEnhancedAsync(chunk.Id, new float[chunk.Samples.Value], stop);
        await blobs.DeleteAudioAsync(recording.Id, stop);
        return recording;
    }

    /// <summary>What for, whom to ask, and what a host that sweeps does, and one did a week ago.</summary>
    private static async Task SayAsync(StorageAccount account, CancellationToken cancellationToken)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var said = new DeploymentV1(1, Purpose.Research, Setting: null, "of voices", "voices@example.org", now);
        await new DeploymentBlob(account.Blobs, TimeProvider.System).WriteAsync(said, cancellationToken);
        var state = new RetentionState(account.Tables);
        foreach (RetentionMark mark in new RetentionMark[]
        {
            new("Uploads", TimeSpan.FromDays(30), new DateOnly(2026, 1, 1), now, now),
            new("Lake", TimeSpan.FromDays(365), DateOnly.MinValue, now, now),
            new("Receipts", TimeSpan.FromDays(9), new DateOnly(2026, 1, 1), now.AddDays(-7), now),
        })
            await state.WriteAsync(mark, cancellationToken);
    }

    private static async Task StoreAudioAsync(StorageAccount account, Recording recording, CancellationToken cancellationToken)
    {
        var blobs = new ChunkBlobs(account.Blobs);
        int perChannel = (int)(recording.DurationSeconds!.Value / ChunkSeconds);
        for (int number = 0; number < recording.ExpectedChunks; number++)
        {
            (int channel, int index) = Math.DivRem(number, perChannel);
            var id = new ChunkId(recording.Id, channel, index);
            float gain = channel == 0 ? 1f : QuietGain;
            float[] samples = SamplesOf(index, gain);
            await blobs.WriteChunkAsync(id, samples, cancellationToken);
            await blobs.WriteEnhancedAsync(id, SamplesOf(index, gain / 2), cancellationToken);
            await account.Store.MergeChunkAsync(
                new Chunk { Id = id, StartSample = (long)index * samples.Length, Samples = samples.Length }, cancellationToken);
        }
    }

    private static async Task<Recording> StoredAsync(StorageAccount account, Recording recording, CancellationToken cancellationToken)
    {
        await account.Store.AdvanceAsync(recording, cancellationToken);
        return recording;
    }
}
