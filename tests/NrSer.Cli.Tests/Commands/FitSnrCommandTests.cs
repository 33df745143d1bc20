using System.Text.Json;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

/// <summary>A block for the embedded enhancer, from a minute of speech and half a minute of noise.</summary>
public sealed class FitSnrCommandTests : IDisposable
{
    private const string Enhancer = "nrser-enhancer-small", Block = $"{Enhancer}-snr-level";

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task FitSnr_SpeechAndNoise_GivesABlockThatIsUsed()
    {
        WriteAudio();
        Outcome outcome = await FitAsync("--excerpts", "10", "--format", "json", "--use");
        outcome.Succeeded();
        string[][] accuracy = Rows(outcome.Json(), "Clean speech against noise alone: mean of both accuracies by threshold");
        Assert.Equal("1.000", accuracy[^1][1]); // at the best threshold: the samples are speech and noise, as clear as can be
        Assert.Equal("1.000", Rows(outcome.Json(), "Share that passes the gate as speech").Single(row => row[0] == "clean speech")[2].Split(' ')[0]);
        (await RunAsync("models", "verify")).Succeeded();
        JsonElement models = (await RunAsync("analyze", SampleFiles.Clean)).Json().GetProperty("models");
        Assert.Equal($"{Enhancer}@4.1.0", models.GetProperty("enhancer").GetString());
        Assert.StartsWith($"{Block}@", models.GetProperty("snrLevel").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["installed/unfinished"]));

        Assert.Contains($"nrser models remove {Block}", (await FitAsync()).Refused(ExitCode.BadInput), StringComparison.Ordinal);
        (await RunAsync("models", "remove", Block)).Succeeded();
        Assert.StartsWith(
            "nrser-snr-level-small@",
            (await RunAsync("analyze", SampleFiles.Clean)).Json().GetProperty("models").GetProperty("snrLevel").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task FitSnr_WhatDoesNotDo_SaysWhatWould()
    {
        _scratch.Write("speech/anna/a.wav", SampleFiles.Concatenated(9, SampleFiles.Clean));
        _scratch.Write("noise/rain/a.wav", SampleFiles.Concatenated(8, SampleFiles.NoiseOnly));
        Assert.Contains("9 s of speech in 1 recordings", (await FitAsync()).Refused(ExitCode.BadInput), StringComparison.Ordinal);
        Assert.Contains("is neither a folder", (await RunAsync("models", "fit-snr", Enhancer, "--speech", _scratch["nowhere"]))
            .Refused(ExitCode.BadInput), StringComparison.Ordinal);
        Assert.Contains("0 s of noise", (await RunAsync("models", "fit-snr", Enhancer, "--speech", WriteAudio())).Refused(ExitCode.BadInput),
            StringComparison.Ordinal);
        Assert.Contains("There is no model 'cmgan'", (await RunAsync("models", "fit-snr", "cmgan", "--speech", _scratch["speech"]))
            .Refused(ExitCode.Environment), StringComparison.Ordinal);
        Assert.Contains("between 10 and 500", (await FitAsync("--excerpts", "3")).Refused(ExitCode.BadInput), StringComparison.Ordinal);
        Assert.Contains("cannot be a model's name", (await FitAsync("--name", "../up")).Refused(ExitCode.BadInput), StringComparison.Ordinal);
        _scratch.Write("noise/rain/speech.wav", SampleFiles.Concatenated(12, SampleFiles.Clean));
        Assert.Contains("one is called speech", (await FitAsync()).Refused(ExitCode.BadInput), StringComparison.Ordinal);
    }

    /// <summary>Five speakers and five noises, told apart by their lengths alone.</summary>
    private string WriteAudio()
    {
        for (int i = 0; i < 5; i++)
        {
            _scratch.Write($"speech/speaker{i}/a.wav", SampleFiles.Concatenated(12 + (0.5 * i), SampleFiles.Clean));
            _scratch.Write($"noise/rain/{i}.wav", SampleFiles.Concatenated(6 + (0.5 * i), SampleFiles.NoiseOnly));
        }

        return _scratch["speech"];
    }

    private Task<Outcome> FitAsync(params string[] options) =>
        RunAsync(["models", "fit-snr", Enhancer, "--speech", _scratch["speech"], "--noise", _scratch["noise"], .. options]);

    private Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunWithAsync(
        new Dictionary<string, string> { ["NrSer__Models__InstalledPath"] = _scratch["installed"] }, arguments);

    private static string[][] Rows(JsonElement report, string title) => [.. report.GetProperty("tables").EnumerateArray()
        .Single(table => table.GetProperty("title").GetString() == title).GetProperty("rows").EnumerateArray()
        .Select(row => row.EnumerateArray().Select(cell => cell.GetString()!).ToArray())];
}
