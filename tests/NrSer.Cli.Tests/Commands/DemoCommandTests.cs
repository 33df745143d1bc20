using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

public sealed class DemoCommandTests
{
    [Fact]
    public async Task Demo_CompletesThreeSamples_AndLeavesNothing()
    {
        using var scratch = new Scratch();

        Outcome outcome = await Nrser.RunWithAsync(new() { ["TMPDIR"] = scratch.Path }, "demo");

        outcome.Succeeded();
        Assert.Equal(4, outcome.Output.Split("Completed").Length);
        Assert.Empty(Directory.GetFileSystemEntries(scratch.Path, "nrser-*"));
        Assert.DoesNotContain(Emulators(), command => command.Contains(scratch.Path, StringComparison.Ordinal));
    }

    /// <summary>Command lines of all processes; an emulator's names its folder.</summary>
    private static IEnumerable<string> Emulators()
    {
        foreach (string process in Directory.GetDirectories("/proc").Where(path => Path.GetFileName(path).All(char.IsAsciiDigit)))
        {
            string command = "";
            try
            {
                command = File.ReadAllText(Path.Combine(process, "cmdline"));
            }
            catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
            {
                // It ended while the list was read.
            }

            yield return command;
        }
    }
}
