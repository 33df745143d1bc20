using System.Diagnostics;
using System.Globalization;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Chaos;

/// <summary>The machine below a stack, as far as this one lets us: a disk that can be full, and a clock that can be set.</summary>
/// <remarks>
/// The disk is a tmpfs, which only root may mount; it is full when its size is what lies on it. The clock is Debian's faketime, in every process of
/// the stack, emulator and ffmpeg included. What measures spans goes on as it does: setting a clock does not touch that either.
/// </remarks>
internal sealed class ChaosMachine : IDisposable
{
    private const string ClockLibrary = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
    private const string Roomy = "64g"; // a limit; it takes what lies on it
    private const long LeastFreeBytes = 64 * 1024;

    private readonly Scratch _scratch = new();

    public ChaosMachine()
    {
        Directory.CreateDirectory(Data);
        if (File.Exists(ClockLibrary))
            WriteClock(TimeSpan.Zero);
        else
            WithoutClock = "left the clock as it is: faketime is not installed";
        if (!Environment.IsPrivilegedProcess || !TryMount("size=" + Roomy, "nrser-chaos"))
            WithoutDisk = "left the disk as it is: this user may mount none";
    }

    /// <summary>Where the stack has its data.</summary>
    public string Data => _scratch["data"];

    /// <summary>What the processes of the stack are started with.</summary>
    public IEnumerable<(string Name, string Value)> Settings => WithoutClock is not null ? [] :
    [
        ("LD_PRELOAD", ClockLibrary), ("FAKETIME_TIMESTAMP_FILE", ClockFile), ("FAKETIME_CACHE_DURATION", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];

    /// <summary>Why the disk cannot be filled; null if it can.</summary>
    public string? WithoutDisk { get; }

    /// <summary>Why the clock cannot be set; null if it can.</summary>
    public string? WithoutClock { get; }

    /// <summary>Whether the clock was ever set.</summary>
    public bool IsClockSet { get; private set; }

    private string ClockFile => _scratch["clock"];

    /// <summary>Sets the clock of the stack.</summary>
    /// <param name="ahead">So far ahead of that of the tests; behind it if negative.</param>
    public void SetClock(TimeSpan ahead)
    {
        WriteClock(ahead);
        IsClockSet = true;
    }

    /// <summary>Leaves no room on the disk for more than a few blocks.</summary>
    public void FillDisk()
    {
        var drive = new DriveInfo(Data);
        bool isFull = false;
        for (int attempt = 0; attempt < 50 && !isFull; attempt++) // what is written meanwhile may need more
            isFull = TryMount(string.Create(CultureInfo.InvariantCulture, $"remount,size={drive.TotalSize - drive.TotalFreeSpace + LeastFreeBytes}"));
        Assert.True(isFull);
    }

    /// <summary>Makes room again.</summary>
    public void FreeDisk() => Assert.True(TryMount($"remount,size={Roomy}"));

    /// <summary>Leaves its disk where it is if <c>NRSER_CHAOS_KEEP</c> says so, for whoever wants to look into it.</summary>
    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("NRSER_CHAOS_KEEP") == "1")
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"kept {Data}");
            return;
        }

        if (WithoutDisk is null)
            Run("umount", "--lazy", Data); // what was killed may still be ending
        _scratch.Dispose();
    }

    private void WriteClock(TimeSpan ahead)
    {
        string aside = _scratch["clock.new"]; // which is read at any time
        File.WriteAllText(aside, string.Create(CultureInfo.InvariantCulture, $"{ahead.TotalSeconds:+0;-0;+0}\n"));
        File.Move(aside, ClockFile, overwrite: true);
    }

    private bool TryMount(string options, string device = "none") => Run("mount", "-t", "tmpfs", "-o", options, device, Data);

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
