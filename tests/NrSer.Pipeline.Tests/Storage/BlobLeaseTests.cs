using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Storage;

public sealed class BlobLeaseTests(StorageEmulator emulator)
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAloneAsync_WhileAnotherHostIsAtIt_LeavesItToThatOne()
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var done = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        Task<bool> first = Lease(account, TimeProvider.System).RunAloneAsync("work", _ => Begin(begun, done.Task), Stop); // renewed while it lasts
        await begun.Task;
        Assert.False(await Lease(account).RunAloneAsync("work", _ => throw new InvalidOperationException("A second one began."), Stop));
        Assert.True(await Lease(account).RunAloneAsync("other work", _ => Task.CompletedTask, Stop));

        done.SetResult();
        Assert.True(await first);
        Assert.True(await Lease(account).RunAloneAsync("work", _ => Task.CompletedTask, Stop));
    }

    [Fact]
    public async Task RunAloneAsync_WorkThatFails_GivesTheLeaseBack()
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        await Assert.ThrowsAsync<IOException>(() => Lease(account).RunAloneAsync("work", _ => throw new IOException(), Stop));
        Assert.True(await Lease(account).RunAloneAsync("work", _ => Task.CompletedTask, Stop));
    }

    [Fact]
    public async Task RunAloneAsync_LeaseLost_StopsTheWork()
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var begun = new TaskCompletionSource();
        Task<bool> work = Lease(account).RunAloneAsync("work", token => Begin(begun, Task.Delay(Timeout.Infinite, token)), Stop);
        await begun.Task;
        await account.Blobs.Container(StorageNames.Chunks).GetBlobClient("leases/work").GetBlobLeaseClient()
            .BreakAsync(TimeSpan.Zero, cancellationToken: Stop);
        await Polling.UntilAsync(() =>
        {
            _time.Advance(BlobLease.Duration / 3);
            return Task.FromResult(work.IsCompleted);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
    }

    private static Task Begin(TaskCompletionSource begun, Task work)
    {
        begun.SetResult();
        return work;
    }

    private BlobLease Lease(StorageAccount account, TimeProvider? time = null) => new(account.Blobs, time ?? _time, NullLogger<BlobLease>.Instance);
}
