using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

/// <summary>Recordings that come through a pipe, or do not come.</summary>
public sealed class PipeTests : IDisposable
{
    private readonly Scratch _scratch = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Analyze_StandardInput_HasTheNameThatIsGivenAndTheRowsOfTheFile()
    {
        using Process process = Process.Start(Nrser.StartInfo([], ownSession: false, "analyze", "-", "--name", "call.wav"))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Stop);
        await process.StandardInput.BaseStream.WriteAsync(await File.ReadAllBytesAsync(SampleFiles.Noisy, Stop), Stop);
        process.StandardInput.Close();
        JsonElement piped = JsonDocument.Parse(await output).RootElement;
        JsonElement direct = (await Nrser.RunProcessAsync("analyze", "--json", SampleFiles.Noisy)).Json();

        Assert.Equal("call.wav", piped.GetProperty("recording").GetProperty("file").GetString());
        Assert.Equal(direct.GetProperty("segments").GetRawText(), piped.GetProperty("segments").GetRawText());
    }

    [Fact]
    public async Task Analyze_InterruptedWhileNothingComes_Ends()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such signals there.");
        using Process process = Process.Start(Nrser.StartInfo([], ownSession: false, "analyze", "-", "--name", "call.wav"))!;
        await process.StandardInput.BaseStream.WriteAsync((await File.ReadAllBytesAsync(SampleFiles.Clean, Stop)).AsMemory(0, 10_000), Stop);
        await process.StandardInput.FlushAsync(Stop);
        await AssertInterruptedAsync(process, signals: 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Analyze_InterruptedBeforeAnybodyWritesIntoItsPipe_EndsWithoutATrace(int signals)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mkfifo is a Unix command.");
        await CliWrap.Cli.Wrap("mkfifo").WithArguments(_scratch["pipe"]).ExecuteAsync(Stop);
        using Process process = Process.Start(Nrser.StartInfo([], ownSession: false, "analyze", _scratch["pipe"]))!;
        await AssertInterruptedAsync(process, signals);
    }

    [Fact]
    public async Task Score_StandardInputThatIsCutOff_NamesItOnce()
    {
        byte[] whole = await File.ReadAllBytesAsync(SampleFiles.Noisy, Stop);
        using Process process = Process.Start(Nrser.StartInfo([], ownSession: false, "score", "-", "--name", "call.wav"))!;
        Task<string> errors = process.StandardError.ReadToEndAsync(Stop);
        await process.StandardInput.BaseStream.WriteAsync(whole.AsMemory(0, whole.Length / 4), Stop);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Stop);
        Assert.Equal(2, process.ExitCode);
        Assert.StartsWith("error: call.wav: The recording is cut off", await errors, StringComparison.Ordinal);
    }

    /// <summary>Whether a process has something that handles SIGINT, as far as that can be seen.</summary>
    private static bool HearsInterrupt(int processId)
    {
        const int SigInt = 2;
        const string Caught = "SigCgt:";
        string status = $"/proc/{processId}/status";
        return !File.Exists(status) || File.ReadLines(status).Any(line => line.StartsWith(Caught, StringComparison.Ordinal)
            && (ulong.Parse(line[Caught.Length..], NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture)
                & (1UL << (SigInt - 1))) != 0);
    }

    private static async Task AssertInterruptedAsync(Process process, int signals)
    {
        Task<string> errors = process.StandardError.ReadToEndAsync(Stop);
        await Waiting.UntilAsync("it hears signals", () => HearsInterrupt(process.Id));
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Stop); // it has begun to wait
        for (; signals > 0; signals--)
        {
            using Process signal = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await signal.WaitForExitAsync(Stop);
        }

        await process.WaitForExitAsync(Stop).WaitAsync(TimeSpan.FromMinutes(4), Stop);
        Assert.Equal(130, process.ExitCode);
        Assert.DoesNotContain("   at ", await errors, StringComparison.Ordinal);
    }
}
