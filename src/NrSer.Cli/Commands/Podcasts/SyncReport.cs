using NrSer.Cli.Output;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Commands.Podcasts;

/// <summary>Counts what a sync does, and says it where somebody should know at once.</summary>
/// <param name="terminal">Told.</param>
/// <param name="isDry">Whether no episode is fetched.</param>
internal sealed class SyncReport(Terminal terminal, bool isDry)
{
    private const int MaxFailures = 1000; // in the report; all of them stand in the table

    private readonly Lock _lock = new();
    private readonly List<PodcastFailureV1> _failures = [];
    private readonly Dictionary<string, (long DealtWith, long Waiting)> _byFeed = new(StringComparer.Ordinal);
    private int _feeds;
    private int _unchanged;
    private int _feedsFailed;
    private int _new;
    private long _waiting;
    private int _stored;
    private long _bytes;
    private int _duplicates;
    private int _putOff;
    private long _dealtWith;
    private bool _isWaitingTold;

    /// <summary>Takes note of a step.</summary>
    /// <returns>The share that is done of what is known to wait.</returns>
    public double Add(SyncStep step)
    {
        lock (_lock)
        {
            if (step.Read is { } read)
                AddFeed(step, read);
            if (step is { Episode: { } episode, IsOthers: false, IsLeft: false })
                AddEpisode(step.Feed, episode);
            if (step.IsOthers || step.IsLeft)
                _dealtWith++;
            if (step.IsLeft)
                _putOff++;
            if (step.IsWaiting && !_isWaitingTold)
            {
                _isWaitingTold = true;
                terminal.Note("Enough recordings are unfinished (--in-flight): the next is fetched when one is done, by nrser up or in Azure.");
            }

            return _waiting == 0 ? 0 : _dealtWith / (double)_waiting;
        }
    }

    /// <summary>The end.</summary>
    public PodcastSyncV1 Finish()
    {
        lock (_lock)
            return new PodcastSyncV1(_feeds, _unchanged, _feedsFailed, _new, _waiting, _stored, _bytes, _duplicates, _putOff, [.. _failures]);
    }

    private void AddFeed(SyncStep step, FeedUpdateResult read)
    {
        _feeds++;
        _new += read.NewEpisodes;
        _waiting += step.Waiting;
        _byFeed[step.Feed.Id] = (0, step.Waiting);
        string name = step.Feed.Title ?? step.Feed.Id;
        switch (read.Outcome)
        {
            case FeedUpdateOutcome.Unchanged or FeedUpdateOutcome.NotDue:
                _unchanged++;
                break;
            case FeedUpdateOutcome.Failed or FeedUpdateOutcome.Forgotten:
                _feedsFailed++;
                Fail(step.Feed, episode: null, step.Feed.Reason ?? "");
                break;
            default:
                break;
        }

        if (step.Waiting > 0)
            terminal.Note($"{name}: {read.NewEpisodes} new, {step.Waiting} to fetch");
        foreach (string remark in read.Remarks)
            terminal.Note($"{name}: {remark}");
        if (isDry)
            _dealtWith = _waiting;
    }

    private void AddEpisode(Feed feed, Episode episode)
    {
        _dealtWith++;
        (long before, long waiting) = _byFeed.GetValueOrDefault(feed.Id);
        _byFeed[feed.Id] = (before + 1, waiting);
        switch (episode.Status)
        {
            case EpisodeStatus.Stored:
                _stored++;
                _bytes += episode.ContentBytes ?? 0;
                string size = $"{(episode.ContentBytes ?? 0) / 1e6:F1} MB";
                terminal.Note($"{feed.Title ?? feed.Id}, {before + 1} of {waiting}: {episode.Title ?? episode.Key} ({size})");
                break;
            case EpisodeStatus.Duplicate:
                _duplicates++;
                break;
            case EpisodeStatus.Failed:
                Fail(feed, episode, episode.Reason ?? "");
                break;
            default:
                _putOff++;
                terminal.Note($"{feed.Title ?? feed.Id}: {episode.Title ?? episode.Key} is put off. {episode.Reason}");
                break;
        }
    }

    private void Fail(Feed feed, Episode? episode, string reason)
    {
        terminal.Error($"{feed.Title ?? feed.Id}{(episode is null ? "" : $", {episode.Title ?? episode.Key}")}: {reason}");
        if (_failures.Count < MaxFailures)
            _failures.Add(new PodcastFailureV1(feed.Id, episode?.Key, episode?.Title ?? feed.Title, reason));
    }
}
