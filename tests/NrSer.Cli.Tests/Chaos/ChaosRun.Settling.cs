using Azure;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Tests.Chaos;

/// <summary>How it comes to an end.</summary>
internal sealed partial class ChaosRun
{
    /// <summary>Every day that the stack may have taken for today.</summary>
    public static RecordingFilter Days
    {
        get
        {
            DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
            return new RecordingFilter(today.AddDays(-2), today.AddDays(1 + s_settled.Days));
        }
    }

    /// <summary>Brings everything up and waits until nothing is under way.</summary>
    public async Task SettleAsync()
    {
        if (machine.IsClockSet) // what was locked or put off under a clock that was ahead comes back once it has caught up
            machine.SetClock(s_settled);
        _episodes = await Podcasts.SettleAsync();
        IReadOnlyDictionary<string, string> uploads = Uploads;
        string[] open = [];
        int before = int.MaxValue;
        while (true)
        {
            try
            {
                await Waiting.UntilAsync("everything has ended", TimeSpan.FromSeconds(1), LookAsync);
                return;
            }
            catch (TimeoutException late)
            {
                if (open.Length >= before)
                    throw new TimeoutException($"{late.Message} Open: {string.Join("; ", open)}. It said: {stack.Up.Said}", late);
                before = open.Length; // thousands may take longer, while they become fewer
            }
        }

        async Task<string?> LookAsync(CancellationToken cancellationToken)
        {
            try
            {
                RecordingStore store = stack.Store();
                List<Recording> rows = await store.ListAsync(Days, cancellationToken).ToListAsync(cancellationToken);
                var taken = rows.Select(row => (row.BlobName, row.Sha256)).ToHashSet();
                List<string> found =
                [
                    .. rows.Where(row => row.Status.IsOpen() || row.RetryRequested == true).Select(row => $"{row.BlobName} is {row.Status}"),
                    .. uploads.Where(upload => !taken.Contains((upload.Key, upload.Value)))
                        .Select(upload => $"{upload.Key} has no row"),
                ];
                if (await stack.Forgotten().HasRequestsAsync(cancellationToken))
                    found.Add("something is yet to be forgotten");
                foreach (string name in await NotTurnedAwayAsync(cancellationToken))
                    found.Add($"{name} is yet to be turned away, {rows.FindLast(row => row.BlobName == name)?.Status.ToString() ?? "without a row"}");
                foreach (string queue in _forgotten.Count > 0 ? StorageNames.LaneQueues : []) // a stage at work on them takes back what it writes
                {
                    if (await stack.CountAsync(queue) is > 0 and var messages)
                        found.Add($"{messages} messages in {queue}");
                }

                open = [.. found];
                return open.Length == 0 ? "" : null;
            }
            catch (Exception error) when (error is RequestFailedException or IOException or NullReferenceException)
            {
                return null; // it is starting
            }
        }
    }

    /// <summary>Lets days pass until whatever was forgotten has been looked for the last time.</summary>
    /// <returns>What it did.</returns>
    public async Task<string> PassDaysAsync()
    {
        if (machine.WithoutClock is { } why)
            return why;
        TimeSpan ahead = machine.IsClockSet ? s_settled : TimeSpan.Zero;
        await Waiting.UntilAsync("the last look for what was forgotten", s_sweep, async cancellationToken =>
        {
            if (!await stack.Forgotten().WatchedAsync(cancellationToken).AnyAsync(cancellationToken)
                && !await new ForgottenFeedStore(new ResultTables(stack.Storage())).WatchedAsync(cancellationToken).AnyAsync(cancellationToken))
                return "";
            machine.SetClock(ahead += TimeSpan.FromHours(25));
            return null;
        });
        return $"the clock is {ahead.TotalHours} h ahead";
    }
}
