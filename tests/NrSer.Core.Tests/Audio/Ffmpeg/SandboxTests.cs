using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Testing;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

/// <summary>What ffmpeg is kept from where bubblewrap is installed and allowed, and what happens where it is not.</summary>
public sealed class SandboxTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-sandbox-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Around_AnyProgram_NoNetworkNoOtherProcessNothingToWriteTo()
    {
        Sandbox sandbox = await FindAsync("/bin/bash", "--version");
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        string secret = Path.Combine(_folder.FullName, "secret");
        await File.WriteAllTextAsync(secret, "of somebody else", Reading.Token);
        string script = $"""
            for at in /usr /etc /var/lib {AppContext.BaseDirectory} {_folder.FullName}; do touch "$at/nrser-was-here" && echo "wrote to $at"; done
            touch /tmp/nrser-was-here && echo "tmp is its own"
            cat {secret} && echo "read a secret"
            (exec 3<> /dev/tcp/127.0.0.1/{((IPEndPoint)listener.LocalEndpoint).Port}) && echo "reached the network"
            kill -0 {Environment.ProcessId} && echo "sees who started it"
            grep --quiet "CapEff:.*[1-9a-f]" /proc/self/status && echo "has powers"
            :
            """;
        string? file = null;
        Assert.Equal("tmp is its own\n", await RunAsync([.. sandbox.Around(ref file), "/bin/bash", "-c", script]));
        Assert.False(File.Exists("/tmp/nrser-was-here"));
        string outside = await RunAsync(["/bin/bash", "-c", script.Split('\n')[3]]);
        Assert.Contains("reached the network", outside, StringComparison.Ordinal); // which is what was tried inside
    }

    [Theory]
    [InlineData("flac", "flac")] // through the standard input
    [InlineData("m4a", "aac")] // a file, in which ffmpeg seeks
    public async Task OpenAsync_Required_DecodesAsOutside(string extension, string encoder)
    {
        await FindAsync(Executable.Find("ffmpeg")!, "-version");
        byte[] file = await FfmpegEncoder.EncodeToneAsync(extension, encoder);
        (AudioFormat format, float[] samples) = await Reading.DecodeAsync(file, new() { FfmpegSandbox = SandboxUse.Require });
        (AudioFormat outside, float[] expected) = await Reading.DecodeAsync(file, new() { FfmpegSandbox = SandboxUse.Off });
        Assert.Equal(outside, format);
        Assert.Equal(expected, samples);
    }

    [Fact]
    public async Task OpenAsync_NamespacesAreRefused_DecodesWithoutAndSaysSoOnce()
    {
        LoggedLines log = new();
        AudioOptions options = new();
        FfmpegProgram program = new(options, log, await ScriptAsync("echo 'bwrap: No permissions to create new namespace' >&2; exit 1"));
        Assert.Equal(24_000, await DecodeAsync(options, program));
        Assert.Equal(24_000, await DecodeAsync(options, program));
        Assert.Contains("without a sandbox of its own: bwrap: No permissions", Assert.Single(log.Lines), StringComparison.Ordinal);

        AudioOptions strict = new() { FfmpegSandbox = SandboxUse.Require };
        FfmpegProgram without = new(strict, log, await ScriptAsync("echo 'bwrap: No permissions' >&2; exit 1"));
        FfmpegMissingException refused = await Assert.ThrowsAsync<FfmpegMissingException>(() => DecodeAsync(strict, without));
        Assert.Contains("apt-get install bubblewrap", refused.Message, StringComparison.Ordinal);
    }

    // It worked at the start, and does not now: the recording has no part in that, and must not be rejected.
    [Theory]
    [InlineData("bwrap: Creating new namespace failed")]
    [InlineData("setsid: failed to execute bwrap")] // taken away meanwhile
    public async Task OpenAsync_SandboxFailsLater_IsNoFaultOfTheRecording(string said)
    {
        AudioOptions options = new();
        FfmpegProgram program = new(
            options, new LoggedLines(), await ScriptAsync($"case \"$*\" in *-version) exit 0 ;; esac; echo '{said}' >&2; exit 1"));
        IOException failed = await Assert.ThrowsAsync<IOException>(() => DecodeAsync(options, program));
        Assert.Contains(said, failed.Message, StringComparison.Ordinal);
    }

    private static async Task<Sandbox> FindAsync(string programPath, string tryArgument)
    {
        (Sandbox? sandbox, string? obstacle) = await Sandbox.FindAsync("bwrap", programPath, tryArgument, Reading.Token);
        Assert.SkipWhen(sandbox is null, $"No sandbox here: {obstacle}.");
        return sandbox!;
    }

    private static async Task<int> DecodeAsync(AudioOptions options, FfmpegProgram program)
    {
        BufferedInput input = new(new MemoryStream(await FfmpegEncoder.EncodeToneAsync("flac", "flac")));
        await using FfmpegReader reader =
            await FfmpegReader.OpenAsync(input, FfmpegFormat.Flac, RecordingHints.None, output: null, program, options, Reading.Token);
        return (await Reading.ReadAllAsync(reader)).Length;
    }

    private static async Task<string> RunAsync(string[] command)
    {
        ProcessStartInfo start = new(command[0], command[1..])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(Reading.Token);
        string output = await process.StandardOutput.ReadToEndAsync(Reading.Token);
        await errors;
        await process.WaitForExitAsync(Reading.Token);
        return output;
    }

    private async Task<string> ScriptAsync(string script)
    {
        string path = Path.Combine(_folder.FullName, Path.GetRandomFileName());
        await ShellScript.WriteAsync(path, script);
        return path;
    }

    private sealed class LoggedLines : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
