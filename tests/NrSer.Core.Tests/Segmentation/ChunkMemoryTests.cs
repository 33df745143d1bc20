using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using NrSer.Core.Audio;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Core.Snr;
using NrSer.Core.Tests.Fixtures;
using NrSer.Testing;

namespace NrSer.Core.Tests.Segmentation;

/// <summary>Every array of a chunk's size that is rented comes back, however the work ends. The runtime's own pool events tell.</summary>
public sealed class ChunkMemoryTests
{
    private const int Samples = 100 * SegmentGrid.SampleRateHz; // 1.6 M: arrays of 2^21

    [Theory]
    [InlineData("ends")]
    [InlineData("fails")]
    [InlineData("is cancelled")]
    public void Reconstitute_HoweverItEnds_GivesBackWhatItRented(string end)
    {
        using OnnxModel model = TestCatalog.Load("mean-402");
        using var pool = new PoolListener(1 << 21);
        using var cancelled = new CancellationTokenSource();
        var reconstituter = new SpeechReconstituter(
            new FakeEnhancer((value, at) => end == "fails" && at == Samples / 2 ? throw new InvalidOperationException("broken") : value),
            new SnrLevelBlock(model), new SegmentationOptions(), threads: 1);
        var chunk = new float[Samples];
        if (end == "is cancelled")
            cancelled.Cancel();
        if (end == "ends")
            reconstituter.Reconstitute(chunk, wholeAsOne: false, cancelled.Token).Dispose();
        else
            Assert.ThrowsAny<Exception>(() => reconstituter.Reconstitute(chunk, wholeAsOne: false, cancelled.Token));

        Assert.NotEqual(0, pool.Rented);
        Assert.Empty(pool.Missing);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // whoever reads has had enough
    public async Task Read_HoweverItEnds_GivesBackWhatItRented(bool isLeft)
    {
        await using SpeechReader speech = await ChunkReaderTests.OpenAsync(new float[Samples + SegmentGrid.SampleRateHz]);
        using var pool = new PoolListener(1 << 21);
        await foreach (AudioChunk _ in new ChunkReader(speech, new SegmentationOptions { MaxChunk = TimeSpan.FromSeconds(100) })
            .ReadAsync(TestContext.Current.CancellationToken))
        {
            if (isLeft)
                break;
        }

        Assert.NotEqual(0, pool.Rented);
        Assert.Empty(pool.Missing);
    }

    private sealed class PoolListener : EventListener
    {
        private const string Source = "System.Buffers.ArrayPoolEventSource";

        // The events tell of every test's arrays, on the thread that rents.
        private static readonly AsyncLocal<PoolListener?> s_current = new();

        private readonly ConcurrentDictionary<object, bool> _missing = new();
        private readonly int _leastFloats;
        private int _rented;

        public PoolListener(int leastFloats)
        {
            _leastFloats = leastFloats;
            s_current.Value = this;
            foreach (EventSource source in EventSource.GetSources().Where(source => source.Name == Source))
                EnableEvents(source, EventLevel.Verbose);
        }

        public int Rented => Volatile.Read(ref _rented);

        public ICollection<object> Missing => _missing.Keys;

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == Source)
                EnableEvents(eventSource, EventLevel.Verbose);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.Payload is not [{ } buffer, int floats, ..] || _leastFloats == 0 || floats < _leastFloats)
                return;
            if (eventData.EventName == "BufferRented" && s_current.Value == this)
            {
                Interlocked.Increment(ref _rented);
                _missing[buffer] = true;
            }
            else if (eventData.EventName == "BufferReturned")
            {
                _missing.TryRemove(buffer, out _);
            }
        }
    }
}
