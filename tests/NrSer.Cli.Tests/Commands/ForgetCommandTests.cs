using System.Text.Json;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands;

/// <summary><c>nrser forget</c> on rows that nobody else changes.</summary>
public sealed class ForgetCommandTests(StorageEmulator emulator) : IClassFixture<StorageEmulator>, IAsyncLifetime
{
    private StorageAccount _account = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _account = await StorageAccount.CreateAsync(emulator);
        for (int number = 0; number < 4; number++)
        {
            await _account.Store.AdvanceAsync(
                new Recording
                {
                    Id = RecordingId.Parse($"20260309-{number:x16}"), BlobName = $"talk {number}.wav", Status = RecordingStatus.Completed,
                    Sha256 = new string((char)('a' + (number / 2)), 64),
                },
                Stop);
            await _account.Blobs.Container(StorageNames.Results).GetBlobClient(ResultBlobs.ReceiptName(RecordingId.Parse($"20260309-{number:x16}")))
                .UploadAsync(BinaryData.FromString("{}"), Stop);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("1", "talk 1.wav")]
    [InlineData("1", "20260309-0000000000000001")]
    [InlineData("1 3", "talk 1.wav", "talk 3.wav")]
    [InlineData("0 1", "--sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task Forget_Chosen_ForgetsThoseAndNoOthers(string expected, params string[] which)
    {
        Outcome dry = await RunAsync(["forget", .. which, "--dry-run"]);
        dry.Succeeded();
        Assert.All(expected.Split(' '), number => Assert.Contains($"talk {number}.wav", dry.Output, StringComparison.Ordinal));
        Assert.Equal("0 1 2 3", await LeftAsync());

        Outcome outcome = await RunAsync(["forget", .. which, "--yes", "--json", "--reason", "case 7"]);
        outcome.Succeeded();
        JsonElement proof = Assert.Single(JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray().ToArray());
        Assert.Equal("case 7", proof.GetProperty("reason").GetString());
        Assert.Equal(expected.Split(' ').Length, proof.GetProperty("removed").GetProperty("results").GetInt32());
        Assert.DoesNotContain("talk", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(string.Join(' ', "0 1 2 3".Split(' ').Except(expected.Split(' '))), await LeftAsync());
        (await RunAsync(["forget", "verify"])).Succeeded();
        Assert.Contains("no recording", (await RunAsync(["results", $"talk {expected[0]}.wav"])).Refused(2), StringComparison.Ordinal);
        Assert.DoesNotContain("Forgotten", (await RunAsync("status")).Output, StringComparison.Ordinal);
        Assert.Contains("Forgotten", (await RunAsync("status", $"20260309-000000000000000{expected[0]}")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forget_List_IsOnePass()
    {
        using var scratch = new Scratch();
        await File.WriteAllTextAsync(scratch["list.txt"], "talk 0.wav\n\n  20260309-0000000000000002 \ntalk 0.wav\n", Stop);
        Outcome outcome = await RunAsync("forget", "--list", scratch["list.txt"], "--yes");
        outcome.Succeeded();
        Assert.Contains("2 recordings are forgotten", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("results/forgotten/00000001.json", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("1 3", await LeftAsync());
        Assert.Contains("forgotten before", (await RunAsync("forget", "20260309-0000000000000002", "--yes")).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Say what to forget", "--yes")]
    [InlineData("say --yes", "talk 1.wav")]
    [InlineData("There is no recording 'talk 7.wav'", "talk 1.wav", "talk 7.wav", "--yes")]
    [InlineData("64 hex digits", "--sha256", "12", "--yes")]
    [InlineData("No feed is called", "--feed", "a show", "--yes")]
    [InlineData("whole podcast", "talk 1.wav", "--feed", "a show", "--yes")]
    [InlineData("no such file", "--list", "/no such file", "--yes")]
    public async Task Forget_NothingThatCanBe_IsRefusedAndChangesNothing(string complaint, params string[] options)
    {
        Outcome outcome = await RunAsync(["forget", .. options]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(complaint, outcome.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("0 1 2 3", await LeftAsync());
    }

    [Theory]
    [InlineData("forget 1\n", true)]
    [InlineData("yes\n", false)]
    [InlineData("", false)]
    public async Task Forget_APersonIsAsked_OnlyTheWordsCount(string typed, bool isForgotten)
    {
        Outcome outcome = await Nrser.RunTypedAsync(
            typed, isAsked: true, [], "forget", "talk 1.wav", "--connection-string", _account.ConnectionString);
        Assert.Equal(isForgotten ? 0 : 2, outcome.ExitCode);
        Assert.Contains("talk 1.wav", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(isForgotten ? "0 2 3" : "0 1 2 3", await LeftAsync());
    }

    [Fact]
    public async Task Verify_AChangedProof_ExitsWithOneAndNamesIt()
    {
        (await RunAsync("forget", "talk 1.wav", "--yes")).Succeeded();
        (await RunAsync("forget", "talk 2.wav", "--yes")).Succeeded();
        await _account.Blobs.Container(StorageNames.Results).DeleteBlobAsync("forgotten/00000001.json", cancellationToken: Stop);
        Outcome outcome = await RunAsync("forget", "verify");
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("forgotten/00000001.json is missing", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RotateKey_SaysHowManyThereAre()
    {
        Assert.Contains("There is a key", (await RunAsync("forget", "rotate-key")).Output, StringComparison.Ordinal);
        Assert.Contains("2 keys", (await RunAsync("forget", "rotate-key")).Output, StringComparison.Ordinal);
    }

    private async Task<string> LeftAsync() => string.Join(' ', await _account.Store
        .ListAsync(new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue), Stop).Select(row => row.Id.Value[^1..]).ToListAsync(Stop));

    private Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunAsync([.. arguments, "--connection-string", _account.ConnectionString]);
}
