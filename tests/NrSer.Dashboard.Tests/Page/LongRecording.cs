using Azure.Storage.Blobs;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Page;

/// <summary>Recordings of hours: all of their rows and peaks, and the audio of some chunks.</summary>
internal static class LongRecording
{
    private const int ChunkSeconds = 300;
    private const int ChunkSamples = ChunkSeconds * SegmentGrid.SampleRateHz;

    private static readonly DateOnly s_day = new(2026, 2, 2);

    /// <summary>Stores one.</summary>
    /// <param name="account">Where.</param>
    /// <param name="number">Which.</param>
    /// <param name="hours">How long.</param>
    /// <param name="samplesOf">The audio of a chunk, by its start in seconds, as it was recorded; what was heard is half as loud.</param>
    /// <param name="audible">Chunks whose audio is there.</param>
    public static async Task<Recording> StoreAsync(StorageAccount account, int number, int hours, Func<int, float[]> samplesOf, int[] audible)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        int chunks = hours * 12;
        Recording recording = GeneratedResults.Recording(number, s_day, chunks * 75) with
        {
            ExpectedChunks = chunks,
            BlobName = $"long/{hours} h.wav",
        };
        await GeneratedResults.StoreAsync(account, recording, stop);
        var blobs = new ChunkBlobs(account.Blobs);
        byte[] peaks = ChunkPeaks.Of(samplesOf(0));
        for (int index = 0; index < chunks; index++)
        {
            var id = new ChunkId(recording.Id, 0, index);
            await account.Store.MergeChunkAsync(new Chunk { Id = id, StartSample = (long)index * ChunkSamples, Samples = ChunkSamples }, stop);
            if (audible.Contains(index))
            {
                float[] samples = samplesOf(index * ChunkSeconds);
                await blobs.WriteChunkAsync(id, samples, stop);
                await blobs.WriteEnhancedAsync(id, Array.ConvertAll(samples, sample => sample / 2), stop);
                continue;
            }

            foreach (string name in new[] { StorageNames.Chunks, StorageNames.Enhanced })
            {
                // by name: whether all is there is told by counting, and nobody writes 2 GB to draw them
                BlobContainerClient container = account.Blobs.Container(name);
                await container.GetBlobClient($"{id}.dat").UploadAsync(BinaryData.FromBytes(peaks), overwrite: true, stop);
                await container.GetBlobClient($"{id}.wav").UploadAsync(BinaryData.Empty, overwrite: true, stop);
            }
        }

        return recording;
    }

    /// <summary>Noise that comes and goes.</summary>
    public static float[] Noise(int startSeconds)
    {
        var random = new Random(1);
        var samples = new float[ChunkSamples];
        for (int at = 0; at < samples.Length; at++)
            samples[at] = (random.NextSingle() - 0.5f) * (float)Math.Abs(Math.Sin(at / 40_000.0));
        return samples;
    }

    /// <summary>Silence, but for beeps of 50 ms and 1 kHz.</summary>
    /// <param name="startSeconds">Where the chunk begins.</param>
    /// <param name="beeps">Where beeps begin, s.</param>
    public static float[] Beeps(int startSeconds, params int[] beeps)
    {
        var samples = new float[ChunkSamples];
        foreach (int beep in beeps.Where(beep => beep >= startSeconds && beep < startSeconds + ChunkSeconds))
        {
            int start = (beep - startSeconds) * SegmentGrid.SampleRateHz;
            for (int at = 0; at < SegmentGrid.SampleRateHz / 20; at++)
                samples[start + at] = 0.8f * MathF.Sin(2 * MathF.PI * 1000 * at / SegmentGrid.SampleRateHz);
        }

        return samples;
    }
}
