using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Storage;
using Polly;
using Polly.Retry;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Brings a recording's bytes into a blob in the making: from the answer into blocks, a mebibyte at a time.</summary>
public sealed class AudioDownload : IDisposable
{
    /// <summary>Downloads at once, whatever the number of hosts.</summary>
    internal const int AtOnce = 32;

    private const int BlockBytes = 1024 * 1024; // 50,000 blocks are the most, and as many blocks are held as there are downloads

    private readonly PodcastClient _client;
    private readonly ByteRate _rate;
    private readonly PodcastOptions _options;
    private readonly TimeProvider _time;
    private readonly BlobContainerClient _container;
    private readonly ResiliencePipeline _attempts;
    private readonly SemaphoreSlim _downloads = new(AtOnce);
    private readonly ConcurrentBag<byte[]> _buffers = [];

    /// <param name="client">Asks.</param>
    /// <param name="rate">Holds all downloads back together.</param>
    /// <param name="storage">Receives them.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    public AudioDownload(PodcastClient client, ByteRate rate, BlobStorage storage, IOptions<PodcastOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(options);
        (_client, _rate, _options, _time) = (client, rate, options.Value, time);
        _container = storage.Container(StorageNames.Recordings);
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time };
        if (_options.Attempts > 1)
        {
            pipeline.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = _options.Attempts - 1, Delay = _options.RetryDelay, BackoffType = DelayBackoffType.Exponential, UseJitter = true,
                ShouldHandle = new PredicateBuilder().Handle<IOException>().Handle<TimeoutException>().Handle<HttpRequestException>(),
            });
        }

        _attempts = pipeline.Build();
    }

    /// <summary>Reads all of a file.</summary>
    /// <param name="file">Where it is, and what it will be called.</param>
    /// <param name="owner">Tells this attempt's blocks from those of others, 16 hex digits or more.</param>
    /// <param name="store">Commits the blob that has all of it, which is not kept; told the media type that the server says.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>What committing gave.</returns>
    /// <exception cref="PodcastException">It cannot be had, or is no audio.</exception>
    internal async Task<T> RunAsync<T>(
        DownloadedFile file, string owner, Func<StagedBlob, string?, Task<T>> store, CancellationToken cancellationToken)
    {
        await _downloads.WaitAsync(cancellationToken).ConfigureAwait(false);
        byte[] buffer = _buffers.TryTake(out byte[]? used) ? used : new byte[BlockBytes];
        try
        {
            using var blob = new StagedBlob(_container, buffer, owner);
            return await store(blob, await ReadAllAsync(file, blob, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }
        finally
        {
            _buffers.Add(buffer);
            _downloads.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _downloads.Dispose();

    /// <returns>Its media type as the server says.</returns>
    private async Task<string?> ReadAllAsync(DownloadedFile file, StagedBlob blob, CancellationToken cancellationToken)
    {
        var transfer = new Transfer();
        try
        {
            await _attempts.ExecuteAsync(
                async token => await GoOnAsync(file, blob, transfer, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or TimeoutException or HttpRequestException)
        {
            throw PodcastException.Later($"{WebAddress.Shown(file.Address)} broke off again and again: {broken.Message}", inner: broken);
        }

        if (blob.Bytes == 0)
            throw PodcastException.ForGood($"{WebAddress.Shown(file.Address)} is empty.");
        return transfer.Type;
    }

    /// <summary>
    /// Asks for what is missing, or for all of it. Only a strong ETag promises that the rest is a rest of the same bytes: servers that insert
    /// advertisements answer the same range with others.
    /// </summary>
    private async Task GoOnAsync(DownloadedFile file, StagedBlob blob, Transfer transfer, CancellationToken cancellationToken)
    {
        bool goesOn = blob.Bytes > 0 && transfer is { ETag.IsWeak: false, TotalBytes: > 0 };
        PodcastResponse answer = await _client.GetFileAsync(file.Address, headers =>
        {
            if (!goesOn)
                return;
            headers.Range = new RangeHeaderValue(blob.Bytes, to: null);
            headers.IfRange = new RangeConditionHeaderValue(transfer.ETag!);
        }, cancellationToken).ConfigureAwait(false);
        await using (answer.ConfigureAwait(false))
        {
            HttpContentHeaders headers = answer.Message.Content.Headers;
            if (answer.Status == HttpStatusCode.PartialContent)
            {
                if (!goesOn || headers.ContentRange is not { } range || range.From != blob.Bytes || range.Length != transfer.TotalBytes
                    || answer.Message.Headers.ETag?.Equals(transfer.ETag) != true)
                {
                    blob.Reset();
                    throw new IOException("The rest that the server offers is of another file.");
                }
            }
            else
            {
                blob.Reset();
                (transfer.ETag, transfer.TotalBytes, transfer.Type) = (answer.Message.Headers.ETag, headers.ContentLength,
                    headers.ContentType?.MediaType);
            }

            if (transfer.TotalBytes > _options.MaxEpisodeBytes)
                throw TooLong(file.Address, transfer.TotalBytes.Value);
            await CopyAsync(answer, file, blob, cancellationToken).ConfigureAwait(false);
            if (transfer.TotalBytes is { } total && blob.Bytes != total)
                throw new IOException($"The server broke off after {blob.Bytes} of {total} bytes.");
            if (transfer.TotalBytes is null && answer.Message.Headers.TransferEncodingChunked != true)
                Doubt(file, blob, transfer);
        }
    }

    /// <summary>
    /// Asks once more for an answer whose end nothing marks but that the connection ended, where somebody declares it longer. What comes again at
    /// that length is taken: feeds are often wrong.
    /// </summary>
    private static void Doubt(DownloadedFile file, StagedBlob blob, Transfer transfer)
    {
        if (file.DeclaredBytes is not { } declared || blob.Bytes >= Math.Min(declared, transfer.DoubtedBytes ?? declared))
            return;
        transfer.DoubtedBytes = blob.Bytes;
        throw new IOException($"The server, which does not say how long it is, ended after {blob.Bytes} of {declared} bytes.");
    }

    private async Task CopyAsync(PodcastResponse answer, DownloadedFile file, StagedBlob blob, CancellationToken cancellationToken)
    {
        Stream content = await answer.Message.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        int read;
        do
        {
            read = await ReadAsync(content, blob.Free, cancellationToken).ConfigureAwait(false);
            if (blob.Bytes + read > _options.MaxEpisodeBytes)
                throw TooLong(answer.Address, blob.Bytes + read);
            if (blob.Name is null)
                NameIt(answer, file, blob, read);
            await blob.AdvanceAsync(read, cancellationToken).ConfigureAwait(false);
            await _rate.PassAsync(read, cancellationToken).ConfigureAwait(false);
        }
        while (read > 0);
    }

    /// <summary>Looks at the first bytes as soon as they are there.</summary>
    private static void NameIt(PodcastResponse answer, DownloadedFile file, StagedBlob blob, int read)
    {
        int known = blob.Head.Length + read;
        if (known < AudioSniffer.Bytes && read > 0)
            return; // more is to come
        Span<byte> head = stackalloc byte[AudioSniffer.Bytes];
        int length = Math.Min(known, head.Length);
        int held = Math.Min(blob.Head.Length, length);
        blob.Head[..held].CopyTo(head);
        blob.Free.Span[..(length - held)].CopyTo(head[held..]);
        head = head[..length];
        if (AudioSniffer.WhatElse(head) is { } other)
            throw PodcastException.ForGood($"{WebAddress.Shown(answer.Address)} is no audio but {other}.");
        blob.Name = file.NameOf(AudioSniffer.ExtensionOf(head, answer.Address, file.DeclaredType));
    }

    private async Task<int> ReadAsync(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.StallLimit, _time);
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await content.ReadAsync(buffer, stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The server sent nothing for {_options.StallLimit.TotalSeconds:F0} s.", late);
        }
    }

    private PodcastException TooLong(Uri address, long bytes) => PodcastException.ForGood(
        $"{WebAddress.Shown(address)} has {bytes:N0} bytes or more; NrSer__Podcasts__MaxEpisodeBytes allows {_options.MaxEpisodeBytes:N0}.");

    /// <summary>What the first answer said.</summary>
    private sealed class Transfer
    {
        public EntityTagHeaderValue? ETag { get; set; }

        public long? TotalBytes { get; set; }

        public string? Type { get; set; }

        /// <summary>What came of an answer that may have been cut off.</summary>
        public long? DoubtedBytes { get; set; }
    }
}

/// <summary>A file to bring.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="DeclaredType">Its media type as somebody declares it, or null.</param>
/// <param name="DeclaredBytes">Its size likewise, which is often wrong.</param>
/// <param name="NameOf">The blob's name, by the extension that its content tells.</param>
internal sealed record DownloadedFile(Uri Address, string? DeclaredType, long? DeclaredBytes, Func<string, string> NameOf);
