using System.Diagnostics;
using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;

namespace NrSer.Cli.Tests.Local;

/// <summary>Whose emulator a process is.</summary>
public sealed class AzuriteProcessTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task IsRunning_FolderWasMovedOrIsMountedTwice_IsStillItsEmulator()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere nobody tells where a process works.");
        using var scratch = new Scratch();
        string before = scratch["before"], after = scratch["after"], mounted = scratch["mounted"];
        await using AzuriteProcess emulator = await AzuriteProcess.StartAsync(await AzuriteInstallation.EnsureAsync(_ => { }, Stop), before, Stop);
        Assert.True(AzuriteProcess.IsRunning(emulator.ProcessId, before));
        Assert.False(AzuriteProcess.IsRunning(emulator.ProcessId, after));

        Directory.Move(before, after);
        Directory.CreateDirectory(before);
        Assert.True(AzuriteProcess.IsRunning(emulator.ProcessId, after));
        Assert.False(AzuriteProcess.IsRunning(emulator.ProcessId, before)); // another of that name
        Assert.Empty(Directory.EnumerateFileSystemEntries(before));

        Directory.CreateDirectory(mounted);
        if (await RunAsync("mount", "--bind", after, mounted) == 0) // only root may
        {
            try
            {
                Assert.True(AzuriteProcess.IsRunning(emulator.ProcessId, mounted));
            }
            finally
            {
                Assert.Equal(0, await RunAsync("umount", mounted));
            }

            Assert.False(AzuriteProcess.IsRunning(emulator.ProcessId, mounted));
        }

        Assert.True(await emulator.StopAsync());
        Assert.False(AzuriteProcess.IsRunning(emulator.ProcessId, after));
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        await process.WaitForExitAsync(Stop);
        return process.ExitCode;
    }
}
