using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using Polly;
using Polly.Retry;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Brings an episode's bytes into a blob in the making: from the answer into blocks, a mebibyte at a time.</summary>
public sealed class EpisodeDownload
{
    private readonly PodcastClient _client;
    private readonly ByteRate _rate;
    private readonly PodcastOptions _options;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _attempts;

    /// <param name="client">Asks.</param>
    /// <param name="rate">Holds all downloads back together.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    public EpisodeDownload(PodcastClient client, ByteRate rate, IOptions<PodcastOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_client, _rate, _options, _time) = (client, rate, options.Value, time);
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

    /// <summary>Reads all of it.</summary>
    /// <param name="episode">Which.</param>
    /// <param name="slug">Its folder.</param>
    /// <param name="blob">Receives it.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>Its media type as the server says.</returns>
    /// <exception cref="PodcastException">It cannot be had, or is no audio.</exception>
    internal async Task<string?> RunAsync(Episode episode, string slug, StagedBlob blob, CancellationToken cancellationToken)
    {
        var address = new Uri(episode.Url!);
        var transfer = new Transfer();
        try
        {
            await _attempts.ExecuteAsync(
                async token => await GoOnAsync(address, episode, slug, blob, transfer, token).ConfigureAwait(false), cancellationToken)
                    .ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or TimeoutException or HttpRequestException)
        {
            throw PodcastException.Later($"{WebAddress.Shown(address)} broke off again and again: {broken.Message}", inner: broken);
        }

        if (blob.Bytes == 0)
            throw PodcastException.ForGood($"{WebAddress.Shown(address)} is empty.");
        return transfer.Type;
    }

    /// <summary>
    /// Asks for what is missing, or for all of it. Only a strong ETag promises that the rest is a rest of the same bytes: servers that insert
    /// advertisements answer the same range with others.
    /// </summary>
    private async Task GoOnAsync(
        Uri address, Episode episode, string slug, StagedBlob blob, Transfer transfer, CancellationToken cancellationToken)
    {
        bool goesOn = blob.Bytes > 0 && transfer is { ETag.IsWeak: false, TotalBytes: > 0 };
        PodcastResponse answer = await _client.GetFileAsync(address, headers =>
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
                throw TooLong(address, transfer.TotalBytes.Value);
            await CopyAsync(answer, episode, slug, blob, cancellationToken).ConfigureAwait(false);
            if (transfer.TotalBytes is { } total && blob.Bytes != total)
                throw new IOException($"The server broke off after {blob.Bytes} of {total} bytes.");
        }
    }

    private async Task CopyAsync(PodcastResponse answer, Episode episode, string slug, StagedBlob blob, CancellationToken cancellationToken)
    {
        Stream content = await answer.Message.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        int read;
        do
        {
            read = await ReadAsync(content, blob.Free, cancellationToken).ConfigureAwait(false);
            if (blob.Bytes + read > _options.MaxEpisodeBytes)
                throw TooLong(answer.Address, blob.Bytes + read);
            if (blob.Name is null)
                NameIt(answer, episode, slug, blob, read);
            await blob.AdvanceAsync(read, cancellationToken).ConfigureAwait(false);
            await _rate.PassAsync(read, cancellationToken).ConfigureAwait(false);
        }
        while (read > 0);
    }

    /// <summary>Looks at the first bytes as soon as they are there.</summary>
    private static void NameIt(PodcastResponse answer, Episode episode, string slug, StagedBlob blob, int read)
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
        string extension = AudioSniffer.ExtensionOf(head, answer.Address, episode.DeclaredType);
        blob.Name = PodcastNames.BlobName(slug, episode.PublishedAt, episode.Key, extension);
    }

    private async Task<int> ReadAsync(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ITimer limit = _time.CreateTimer(_ => stall.Cancel(), state: null, _options.StallLimit, Timeout.InfiniteTimeSpan);
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
    }
}
