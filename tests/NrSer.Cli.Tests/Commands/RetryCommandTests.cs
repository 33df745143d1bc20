using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands;

/// <summary><c>retry</c> and <c>dismiss</c> on rows that nobody else changes.</summary>
public sealed class RetryCommandTests : IClassFixture<StorageEmulator>, IAsyncLifetime
{
    private readonly StorageEmulator _emulator;
    private StorageAccount _account = null!;

    public RetryCommandTests(StorageEmulator emulator) => _emulator = emulator;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _account = await StorageAccount.CreateAsync(_emulator);
        (RecordingStatus Status, string Reason)[] rows =
        [
            (RecordingStatus.Completed, ""), (RecordingStatus.Failed, "The disk was full."), (RecordingStatus.Rejected, "The file is text."),
            (RecordingStatus.Rejected, "The file is empty."), (RecordingStatus.Withdrawn, "The upload was deleted."),
        ];
        for (int number = 0; number < rows.Length; number++)
        {
            await _account.Store.AdvanceAsync(
                new Recording
                {
                    Id = RecordingId.Parse($"{(number < 3 ? 20240309 : 20260309)}-{number:x16}"), BlobName = $"{number}.wav",
                    Status = rows[number].Status,
                    Reason = rows[number].Reason,
                },
                Stop);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("1 2 3", "--all")]
    [InlineData("1", "--status", "failed")]
    [InlineData("2 3", "--status", "rejected")]
    [InlineData("2", "--all", "--reason", "IS TEXT")]
    [InlineData("3", "--all", "--from", "2026-01-01")]
    [InlineData("2", "2.wav")]
    [InlineData("", "--all", "--reason", "nothing like it")]
    public async Task Retry_Chosen_AsksForThoseAndNoOthers(string expected, params string[] options)
    {
        (await RunAsync(["retry", .. options, "--dry-run"])).Succeeded();
        Assert.Empty(await _account.Store.Open.RetriesAsync(Stop).ToListAsync(Stop));
        (await RunAsync(["retry", .. options])).Succeeded();
        Assert.Equal(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            (await _account.Store.Open.RetriesAsync(Stop).ToListAsync(Stop)).Select(id => id.Value[^1..]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Name one recording")]
    [InlineData("Name one recording", "1.wav", "--all")]
    [InlineData("Name one recording", "1.wav", "--reason", "disk")]
    [InlineData("not for Completed", "--status", "completed")]
    [InlineData("is Completed", "0.wav")]
    [InlineData("is Withdrawn", "4.wav")]
    public async Task Retry_NothingThatCanBe_IsRefused(string complaint, params string[] options)
    {
        Assert.Contains(complaint, (await RunAsync(["retry", .. options])).Refused(2), StringComparison.Ordinal);
        Assert.Empty(await _account.Store.Open.RetriesAsync(Stop).ToListAsync(Stop));
    }

    [Fact]
    public async Task Dismiss_All_StatusEndsWellUntilARetry()
    {
        Assert.Equal(1, (await RunAsync("status")).ExitCode);
        (await RunAsync("dismiss", "--all")).Succeeded();
        Outcome status = await RunAsync("status"), summary = await RunAsync("status", "--summary");
        status.Succeeded();
        summary.Succeeded();
        Assert.Contains("Rejected, dismissed", status.Output, StringComparison.Ordinal);
        Assert.Contains("0 Rejected", summary.Output, StringComparison.Ordinal);
        (await RunAsync("retry", "2.wav")).Succeeded();
        Assert.Equal(1, (await RunAsync("status")).ExitCode);
    }

    private Task<Outcome> RunAsync(params string[] arguments)
    {
        string[] days = arguments.Contains("--from") ? [] : ["--from", "2024-01-01"];
        return Nrser.RunAsync([.. arguments, .. days, "--connection-string", _account.ConnectionString]);
    }
}
