using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Segmentation;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Uploads;

namespace NrSer.Dashboard.Audio;

/// <summary>
/// Decodes an upload again where its work audio is gone, chunk by chunk as ingest did. It is never sent as it was uploaded: browsers play few
/// formats, and a stranger's file must not come from the page's own address.
/// </summary>
/// <param name="uploads">The uploads.</param>
/// <param name="decoder">Reads them.</param>
/// <param name="blobs">Receives the chunks.</param>
/// <param name="restored">Told of them.</param>
internal sealed class OriginalAudio(
    UploadStore uploads, AudioDecoder decoder, ChunkBlobs blobs, RestoredAudio restored) : IDisposable
{
    private const int AtOnce = 2; // decoders of strangers' files

    private readonly ConcurrentDictionary<RecordingId, Restoration> _running = new();
    private readonly SemaphoreSlim _turns = new(AtOnce);
    private readonly CancellationTokenSource _ending = new();

    /// <summary>Whether there is something to decode.</summary>
    public async Task<bool> IsThereAsync(Recording recording, CancellationToken cancellationToken) =>
        recording is { ChannelMode: not null, MaxChunkSeconds: not null }
        && await uploads.FindOfAsync(recording, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Waits until a chunk is there. All of the recording is decoded once, however many ask.</summary>
    /// <exception cref="RefusedException">The upload is gone.</exception>
    /// <exception cref="InvalidAudioException">It cannot be read.</exception>
    public async Task RestoreAsync(Recording recording, ChunkId chunk, CancellationToken cancellationToken)
    {
        Restoration restoration = _running.GetOrAdd(recording.Id, _ => new Restoration());
        restoration.Begin(() => RunAsync(recording, restoration));
        await restoration.WaitAsync(chunk).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
        _turns.Dispose();
    }

    private async Task RunAsync(Recording recording, Restoration restoration)
    {
        CancellationToken ending = _ending.Token;
        await _turns.WaitAsync(ending).ConfigureAwait(false);
        try
        {
            await DecodeAsync(recording, restoration, ending).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
            _running.TryRemove(recording.Id, out _);
        }
    }

    private async Task DecodeAsync(Recording recording, Restoration restoration, CancellationToken ending)
    {
        long samples = 0;
        try
        {
            Upload upload = await uploads.FindOfAsync(recording, ending).ConfigureAwait(false)
                ?? throw new RefusedException(StatusCodes.Status410Gone, "The upload was deleted or replaced, and its audio is no longer kept.");
            Stream content = await uploads.OpenAsync(upload, ending).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closingContent = content.ConfigureAwait(false);
            var hints = new RecordingHints { Name = recording.BlobName, Track = recording.Track };
            SpeechReader speech = await SpeechReader.OpenAsync(decoder, content, hints, recording.ChannelMode ?? ChannelMode.Mix, ending)
                .ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closingReader = speech.ConfigureAwait(false);
            var options = new SegmentationOptions { MaxChunk = TimeSpan.FromSeconds(recording.MaxChunkSeconds ?? 300) };
            IReadOnlySet<string> stored = await blobs.StoredAsync(recording.Id, AudioVersion.Original, ending).ConfigureAwait(false);
            await foreach (AudioChunk chunk in new ChunkReader(speech, options).ReadAsync(ending).ConfigureAwait(false))
            {
                var id = new ChunkId(recording.Id, chunk.Channel, chunk.Index);
                if (!stored.Contains(id.Key))
                    await blobs.WriteChunkAsync(id, chunk.Samples, ending).ConfigureAwait(false);
                samples += chunk.Samples.Length;
                restoration.Done(id);
            }
        }
        finally
        {
            await restored.SettleAsync(recording.Id, samples > 0 ? samples * sizeof(float) : null).ConfigureAwait(false);
        }
    }

    /// <summary>One decoding, and who waits for what of it.</summary>
    private sealed class Restoration
    {
        private readonly ConcurrentDictionary<ChunkId, TaskCompletionSource> _chunks = new();
        private readonly Lock _lock = new();
        private Task? _all;

        public void Begin(Func<Task> run)
        {
            lock (_lock)
                _all ??= Task.Run(run);
        }

        public void Done(ChunkId chunk) => Of(chunk).TrySetResult();

        /// <summary>Ends when the chunk is there, or with the whole.</summary>
        public async Task WaitAsync(ChunkId chunk) => await (await Task.WhenAny(Of(chunk).Task, _all!).ConfigureAwait(false)).ConfigureAwait(false);

        private TaskCompletionSource Of(ChunkId chunk) =>
            _chunks.GetOrAdd(chunk, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
