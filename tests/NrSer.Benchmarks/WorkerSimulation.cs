namespace NrSer.Benchmarks;

/// <summary><c>workers</c>: many workers against the documented limits of one account and one namespace, request by request, on a clock of its own.
/// It checks the arithmetic of docs/limits.md by what that leaves out: chance, bursts, and that whoever is throttled comes again later.</summary>
/// <param name="busCredits">What Service Bus grants a second; 1,000 in its standard tier.</param>
/// <param name="ingress">What the account with the audio takes a second, Gbit; 25, in some regions 60.</param>
/// <param name="workers">Hosts that recognise emotion.</param>
/// <param name="workSeconds">What a chunk takes one of them.</param>
internal sealed class WorkerSimulation(int busCredits, double ingress, int workers, double workSeconds)
{
    private const int StorageRequests = 20_000; // a second: tables and blobs of one account, each
    private const double WarmUpSeconds = 120, Seconds = 600;
    private const double FirstPause = 0.8, LongestPause = 15; // after being throttled, doubled with jitter, as the Azure SDK and Settlement do
    private const double ChunkGbit = 300 * 16_000 * sizeof(float) * 8e-9; // five minutes, as cut and as mixed each
    private const double EnhanceSeconds = 4; // of a chunk; there are as many of these hosts as keep the workers busy

    private readonly Random _random = new(20230901);
    private readonly PriorityQueue<IEnumerator<Step>, double> _actors = new();
    private readonly Dictionary<Service, (double Rate, double Credits, double At)> _services = new()
    {
        [Service.Bus] = (busCredits, busCredits, 0), [Service.Tables] = (StorageRequests, StorageRequests, 0),
        [Service.Blobs] = (StorageRequests, StorageRequests, 0), [Service.Ingress] = (ingress, ingress, 0),
    };

    private double _now;
    private int _waiting; // messages in the queue between the two
    private long _done;
    private long _requests;
    private long _throttled;

    private enum Service
    {
        Bus,
        Tables,
        Blobs,
        Ingress,
    }

    public static void Run()
    {
        Console.WriteLine("| workers | s a chunk | Service Bus credits a second | ingress, Gbit/s | by arithmetic | simulated | throttled |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|");
        foreach ((int workers, double seconds, int credits, double ingress) in new[]
        {
            (100, 10, 1000, 25), (1000, 10, 1000, 25), (1000, 10, 1000, 60), (1000, 4, 1000, 60), (1000, 1.1, 1000, 60), (1000, 1.1, 1000, 120),
            (1000, 1.1, 4000, 600), (4000, 1.1, 100_000, 600),
        })
        {
            double expected = new[]
            {
                workers / seconds, credits / 4.0, ingress / (2 * ChunkGbit), StorageRequests / 11.0, StorageRequests / 10.0,
            }.Min();
            (double perSecond, double throttled) = new WorkerSimulation(credits, ingress, workers, seconds).Simulate();
            Console.WriteLine($"| {workers:N0} | {seconds} | {credits:N0} | {ingress:N0} | {expected:F0} | {perSecond:F0} | {throttled:P0} |");
        }
    }

    /// <returns>Chunks a second, and the share of requests that were throttled.</returns>
    private (double PerSecond, double Throttled) Simulate()
    {
        for (int host = 0; host < workers; host++)
            _actors.Enqueue(Recognise(), _random.NextDouble() * workSeconds);
        for (int host = 0; host < 1.2 * workers * EnhanceSeconds / workSeconds; host++)
            _actors.Enqueue(Enhance(), _random.NextDouble() * EnhanceSeconds);
        bool isWarm = false;
        while (_actors.TryDequeue(out IEnumerator<Step>? actor, out _now) && _now < WarmUpSeconds + Seconds)
        {
            if (!isWarm && _now >= WarmUpSeconds)
                (isWarm, _done, _requests, _throttled) = (true, 0, 0, 0);
            if (actor.MoveNext())
                _actors.Enqueue(actor, _now + actor.Current.Seconds);
        }

        return (_done / Seconds, _throttled / (double)_requests);
    }

    /// <summary>Sends a chunk, as cutting does, receives it, enhances it and sends it on: 6 blob requests, two with all of its audio, 5 of tables
    /// (RequestCountTests).</summary>
    private IEnumerator<Step> Enhance()
    {
        while (true)
        {
            while (_waiting > 2 * workers) // more would wait in line, and in Azure they do
                yield return new Step(1);
            foreach (Step step in Ask(Service.Bus, 2).Concat(Ask(Service.Blobs, 6))
                .Concat(Ask(Service.Ingress, 2, ChunkGbit)).Concat(Ask(Service.Tables, 5)))
                yield return step;
            yield return Work(EnhanceSeconds);
            foreach (Step step in Ask(Service.Bus, 1))
                yield return step;
            _waiting++;
        }
    }

    /// <summary>Receives a chunk and hears its emotions: 4 blob requests, 6 of tables.</summary>
    private IEnumerator<Step> Recognise()
    {
        while (true)
        {
            while (_waiting == 0)
                yield return new Step(0.05 + (0.1 * _random.NextDouble()));
            _waiting--;
            foreach (Step step in Ask(Service.Bus, 1).Concat(Ask(Service.Blobs, 4)).Concat(Ask(Service.Tables, 6)))
                yield return step;
            yield return Work(workSeconds);
            _done++;
        }
    }

    /// <summary>One request after the other, each until it is granted.</summary>
    private IEnumerable<Step> Ask(Service service, int requests, double credits = 1)
    {
        for (int request = 0; request < requests; request++)
        {
            for (double pause = FirstPause; !IsGranted(service, credits); pause = Math.Min(LongestPause, 2 * pause))
                yield return new Step(pause * (0.5 + _random.NextDouble()));
            yield return new Step(0.005 + (0.01 * _random.NextDouble())); // its answer
        }
    }

    private bool IsGranted(Service service, double asked)
    {
        (double rate, double credits, double at) = _services[service];
        credits = Math.Min(rate, credits + ((_now - at) * rate)); // what is unused is kept for a second
        bool isGranted = credits >= asked;
        _services[service] = (rate, isGranted ? credits - asked : credits, _now);
        _requests++;
        _throttled += isGranted ? 0 : 1;
        return isGranted;
    }

    private Step Work(double seconds) => new(seconds * (0.8 + (0.4 * _random.NextDouble())));

    private readonly record struct Step(double Seconds);
}
