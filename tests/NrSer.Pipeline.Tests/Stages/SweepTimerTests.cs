using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class SweepTimerTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // The SDK reports a time-out as a cancellation, which must not look like the end of the host.
    [Fact]
    public async Task Run_ARequestTimesOut_SweepsAgain()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.UploadAsync(await Recordings.SilenceAsync());
        var queue = new SlowQueue();
        IOptions<SweepOptions> options = Options.Create(new SweepOptions());
        var uploads = new UploadStore(pipeline.Account.Blobs, pipeline.Index, pipeline.Store, new StageQueues(queue, queue), pipeline.Time);
        var reconciliation = new Reconciliation(
            pipeline.Listing, uploads, pipeline.Store, options, pipeline.Time, NullLogger<Reconciliation>.Instance);
        pipeline.Time.Advance(options.Value.LostEventAfter);
        var audio = new WorkAudio(
            pipeline.Store, pipeline.Chunks, Options.Create(new WorkAudioOptions()), pipeline.Time, NullLogger<WorkAudio>.Instance);
        var restart = new RestartRecording(
            uploads, pipeline.Store, pipeline.Rejection, new StageQueues(queue, queue), pipeline.Time, NullLogger<RestartRecording>.Instance);
        var open = new UnstickRecordings(
            pipeline.Store, restart, new QueueAges([queue]), new QueueActivity(pipeline.Time), options, NullLogger<UnstickRecordings>.Instance);
        var sweep = new Sweep(
            new ClockWatch(pipeline.Time, NullLogger<ClockWatch>.Instance), open, audio, reconciliation, pipeline.Get<ForgetRecordings>(),
            pipeline.Get<Retention>());
        using var timer = new SweepTimer(sweep, options, pipeline.Time, NullLogger<SweepTimer>.Instance);
        await timer.StartAsync(Stop);
        await Polling.UntilAsync(() =>
        {
            pipeline.Time.Advance(options.Value.Interval);
            return Task.FromResult(queue.Sent > 0);
        });
        await timer.StopAsync(Stop);
    }

    /// <summary>Its first answer comes too late.</summary>
    private sealed class SlowQueue : IWorkQueue
    {
        private int _calls;

        public string Name => "slow";

        public int Sent => Math.Max(0, Volatile.Read(ref _calls) - 1);

        public Task SendAsync(IReadOnlyCollection<WorkMessage> messages, CancellationToken cancellationToken) =>
            Interlocked.Increment(ref _calls) == 1 ? throw new TaskCanceledException("The request took longer than 1:40.") : Task.CompletedTask;

        public Task<IReadOnlyList<WorkDelivery>> ReceiveAsync(int max, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<DateTimeOffset?> OldestSentAtAsync(CancellationToken cancellationToken) => Task.FromResult<DateTimeOffset?>(null);
    }
}
