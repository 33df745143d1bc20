using System.Text.Json;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

public sealed class DemoCommandTests
{
    [Fact]
    public async Task Demo_ShowsWhatTheMethodIsForAndLeavesNothing()
    {
        using var scratch = new Scratch();
        Outcome outcome = await Nrser.RunProcessInAsync(scratch.Path, new() { ["TMPDIR"] = scratch.Path }, "demo", "--json");
        outcome.Succeeded();
        JsonElement results = outcome.Json();
        Assert.Equal(3, results.GetArrayLength());
        Assert.Empty(Directory.GetFileSystemEntries(scratch.Path, "nrser-*"));
        Assert.DoesNotContain(Emulators(), command => command.Contains(scratch.Path, StringComparison.Ordinal));

        JsonElement[] SegmentsOf(string name) => [.. results.EnumerateArray()
            .Single(result => result.GetProperty("recording").GetProperty("blobName").GetString() == name).GetProperty("segments").EnumerateArray()];
        Assert.All(results.EnumerateArray(), result => Assert.Equal("Completed", result.GetProperty("recording").GetProperty("status").GetString()));
        Assert.All(SegmentsOf("clean.wav"), segment => Assert.NotEqual(JsonValueKind.Null, segment.GetProperty("emotion").ValueKind));
        Assert.All(SegmentsOf("noise-only.wav"), segment => Assert.Equal(JsonValueKind.Null, segment.GetProperty("emotion").ValueKind));
        Assert.NotEmpty(SegmentsOf("noise-only.wav"));
        double Least(string name) => SegmentsOf(name).Min(segment => segment.GetProperty("snrScore").GetDouble());
        double Most(string name) => SegmentsOf(name).Max(segment => segment.GetProperty("snrScore").GetDouble());
        Assert.True(Least("clean.wav") > Most("noisy.wav"));
        Assert.True(Least("noisy.wav") > Most("noise-only.wav"));
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
