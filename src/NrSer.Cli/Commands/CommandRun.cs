using System.CommandLine;
using Azure;
using Azure.Identity;
using NrSer.Cli.Local;
using NrSer.Cli.Output;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Core.Models;
using NrSer.Emulator;
using NrSer.Evaluation.Experiments;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Work;

namespace NrSer.Cli.Commands;

/// <summary>Runs a command's body and turns what users can cause into one line and an exit code.</summary>
internal static class CommandRun
{
    /// <summary>Sets a command's action.</summary>
    /// <param name="command">The command.</param>
    /// <param name="terminal">Told what went wrong.</param>
    /// <param name="body">What it does.</param>
    public static void Run(this Command command, Terminal terminal, Func<ParseResult, CancellationToken, Task<int>> body) =>
        command.SetAction(async (parsed, cancellationToken) =>
    {
        try
        {
            return await body(parsed, cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested) // Ctrl-C reaches ffmpeg too, whose end may be noticed first
        {
            return ExitCode.Interrupted;
        }
        catch (Exception error) when (Explain(error) is { } explained)
        {
            terminal.Error(explained.Message);
            return explained.ExitCode;
        }
    });

    /// <summary>What an error means to whoever typed the command; null for what is our own mistake.</summary>
    public static (string Message, int ExitCode)? Explain(Exception error) => error switch
    {
        InvalidAudioException { FileName: { } file } => ($"{file}: {error.Message}", ExitCode.BadInput),
        InvalidAudioException or UsageException or EvaluationException or LakeQueryException or RefusalKeyException
            => (error.Message, ExitCode.BadInput),
        FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException => (error.Message, ExitCode.BadInput),
        FfmpegMissingException or ModelException or LocalStackException or EmulatorException or ServiceUnavailableException
            or ForgetException => (error.Message, ExitCode.Environment),
        Microsoft.Extensions.Options.OptionsValidationException => (error.Message, ExitCode.BadInput),
        AuthenticationFailedException => ($"Azure does not know who you are: {FirstLine(error)} Sign in with: az login", ExitCode.Environment),
        RequestFailedException { Status: 403 } => (
            $"The storage refused: {FirstLine(error)} Your account needs the roles Storage Blob Data Contributor and Storage Table Data "
            + "Contributor there.",
            ExitCode.Environment),
        RequestFailedException { Status: 0 } => ($"The storage cannot be reached: {FirstLine(error)}", ExitCode.Environment),
        RequestFailedException => ($"The storage refused: {FirstLine(error)}", ExitCode.Environment),
        AggregateException { InnerExceptions: [var inner, ..] } => Explain(inner) ?? ($"{FirstLine(inner)}", ExitCode.Environment),
        IOException or InvalidDataException or TimeoutException => (error.Message, ExitCode.BadInput),
        FormatException => (error.Message, ExitCode.BadInput), // a connection string
        // a setting from the environment
        InvalidOperationException { InnerException: FormatException or ArgumentException } => (error.Message, ExitCode.BadInput),
        _ => null,
    };

    private static string FirstLine(Exception error) => error.Message.Split('\n', 2)[0].Trim();
}
