using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>The ffmpeg of this machine, and what it is started in. Thread-safe.</summary>
/// <param name="options">Where it is, and how it is to be confined.</param>
/// <param name="logger">Told once whether it is in a sandbox.</param>
/// <param name="bubblewrap">The program that makes the sandbox: a path, or a name to be found on PATH.</param>
internal sealed partial class FfmpegProgram(AudioOptions options, ILogger logger, string bubblewrap = "bwrap")
{
    private int _hasTold;

    /// <summary>Full path.</summary>
    /// <exception cref="FfmpegMissingException">There is no ffmpeg.</exception>
    public string FilePath => Executable.Find(options.FfmpegPath) ?? throw new FfmpegMissingException(options.FfmpegPath);

    /// <summary>Starts it.</summary>
    /// <param name="input">What to decode.</param>
    /// <param name="cancellationToken">Stops the starting.</param>
    /// <exception cref="FfmpegMissingException">There is no ffmpeg, or no sandbox although one is required.</exception>
    public async Task<Process> StartAsync(FfmpegInput input, CancellationToken cancellationToken)
    {
        string path = FilePath;
        Sandbox? sandbox = await FindSandboxAsync(path, cancellationToken).ConfigureAwait(false);
        try
        {
            return Process.Start(FfmpegCommand.Create(path, input, sandbox, options))!; // null only with UseShellExecute
        }
        catch (Win32Exception exception)
        {
            throw new FfmpegMissingException(options.FfmpegPath, exception);
        }
    }

    private async ValueTask<Sandbox?> FindSandboxAsync(string path, CancellationToken cancellationToken)
    {
        if (options.FfmpegSandbox == SandboxUse.Off)
            return null;
        (Sandbox? sandbox, string? obstacle) = await Sandbox.FindAsync(bubblewrap, path, "-version", cancellationToken).ConfigureAwait(false);
        if (sandbox is null && options.FfmpegSandbox == SandboxUse.Require)
            throw FfmpegMissingException.WithoutSandbox(obstacle!);
        if (Interlocked.Exchange(ref _hasTold, 1) == 0)
        {
            if (sandbox is null)
                LogNoSandbox(obstacle!);
            else
                LogSandbox();
        }

        return sandbox;
    }

    [LoggerMessage(1201, LogLevel.Information, "ffmpeg runs in a sandbox by bubblewrap: no network, nothing to write to")]
    private partial void LogSandbox();

    [LoggerMessage(1202, LogLevel.Information, "ffmpeg runs under limits of memory and time, without a sandbox of its own: {Obstacle}")]
    private partial void LogNoSandbox(string obstacle);
}
