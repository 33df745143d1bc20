using System.Collections.Concurrent;
using System.Diagnostics;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

/// <summary>Makes real recordings with a real ffmpeg.</summary>
internal static class FfmpegEncoder
{
    // Starting ffmpeg takes longer than anything these tests do with it, so what it makes is made once.
    private static readonly ConcurrentDictionary<string, Task<byte[]>> Made = new();
    private static readonly Task<(int ExitCode, string Output)> Encoders = RunAsync("-encoders");

    /// <summary>A second and a half of a 440 Hz tone at 1/8 of full scale, encoded.</summary>
    /// <param name="extension">Decides about the container.</param>
    /// <param name="encoder">Skips the test when this ffmpeg lacks it.</param>
    /// <param name="arguments">More output options.</param>
    public static async Task<byte[]> EncodeToneAsync(string extension, string encoder, params string[] arguments)
    {
        string encoders = (await Encoders).Output;
        Assert.SkipUnless(encoders.Contains($" {encoder} ", StringComparison.Ordinal), $"This ffmpeg has no encoder {encoder}.");
        return await MakeAsync(extension, ["-f", "lavfi", "-i", "sine=440:duration=1.5:sample_rate=16000", "-c:a", encoder, .. arguments]);
    }

    /// <summary>Whatever the arguments make, as bytes.</summary>
    public static Task<byte[]> MakeAsync(string extension, params string[] arguments) =>
        Made.GetOrAdd(string.Join(' ', [extension, .. arguments]), _ => MakeOnceAsync(extension, arguments));

    private static async Task<byte[]> MakeOnceAsync(string extension, string[] arguments)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("nrser-tests-");
        try
        {
            string path = Path.Combine(folder.FullName, "recording." + extension);
            (int exitCode, string output) = await RunAsync([.. arguments, path]);
            Assert.True(exitCode == 0, output);
            return await File.ReadAllBytesAsync(path, CancellationToken.None);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("ffmpeg", ["-nostdin", "-hide_banner", "-v", "error", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        return (process.ExitCode, output + await errors);
    }
}
