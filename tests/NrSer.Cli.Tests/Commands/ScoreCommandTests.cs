using System.Text.Json;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

public sealed class ScoreCommandTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Score_CleanNoisyAndNoise_PutsThemInOrder()
    {
        Outcome outcome = await Nrser.RunAsync("score", SampleFiles.Clean, SampleFiles.Noisy, SampleFiles.NoiseOnly);

        outcome.Succeeded();
        JsonElement[] lines = outcome.JsonLines();
        Assert.Equal([SampleFiles.Clean, SampleFiles.Noisy, SampleFiles.NoiseOnly], lines.Select(line => line.GetProperty("file").GetString()));
        Assert.Equal([true, true, false], lines.Select(line => line.GetProperty("isSpeech").GetBoolean()));
        float[] scores = [.. lines.Select(line => line.GetProperty("score").GetSingle())];
        Assert.True(scores[0] > scores[1] && scores[1] > scores[2], string.Join(' ', scores));
    }

    [Theory]
    [InlineData("F20_speech_-30_rumble_below60Hz_-20.wav", true)] // what lies below the voice decides nothing
    [InlineData("F22_ringback_440_480_only.wav", false)]
    public async Task Score_VoiceOverRumbleAndATelephoneRinging_TellsThemApart(string file, bool isSpeech)
    {
        JsonElement line = Assert.Single((await Nrser.RunAsync("score", Path.Combine(AppContext.BaseDirectory, "Cases", file))).JsonLines());
        Assert.Equal(isSpeech, line.GetProperty("isSpeech").GetBoolean());
    }

    [Theory]
    [InlineData("@talk.wav")]
    [InlineData("-talk.wav")]
    [InlineData("--talk.wav")]
    public async Task Score_NameThatLooksLikeAnArgument_IsAFile(string name)
    {
        File.Copy(SampleFiles.Clean, _scratch[name]);

        Outcome outcome = await Nrser.RunProcessInAsync(_scratch.Path, [], "score", name, "--segments");

        outcome.Succeeded();
        Assert.All(outcome.JsonLines(), line => Assert.Equal(name, Path.GetFileName(line.GetProperty("file").GetString())));
    }

    [Fact]
    public async Task Score_BadFilesAmongGoodOnes_ScoresTheGoodOnes()
    {
        string text = _scratch.Write("notes.wav", "notes"u8), missing = _scratch["missing.wav"];

        Outcome outcome = await Nrser.RunAsync("score", SampleFiles.Clean, text, missing, _scratch.Path, SampleFiles.NoiseOnly);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal([SampleFiles.Clean, SampleFiles.NoiseOnly], outcome.JsonLines().Select(line => line.GetProperty("file").GetString()));
        Assert.Equal(3, outcome.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Score_Segments_AreThoseOfAnalyze()
    {
        Outcome outcome = await Nrser.RunProcessAsync("score", "--segments", SampleFiles.Noisy);

        outcome.Succeeded();
        JsonElement analysis = (await Nrser.RunProcessAsync("analyze", SampleFiles.Noisy)).Json();
        Assert.Equal(
            analysis.GetProperty("segments").EnumerateArray().Select(segment => (
                (string?)SampleFiles.Noisy, segment.GetProperty("startSeconds").GetDouble(), segment.GetProperty("endSeconds").GetDouble(),
                segment.GetProperty("snrScore").GetSingle(), segment.GetProperty("isSpeech").GetBoolean())),
            outcome.JsonLines().Select(line => (
                line.GetProperty("file").GetString(), line.GetProperty("startSeconds").GetDouble(), line.GetProperty("endSeconds").GetDouble(),
                line.GetProperty("score").GetSingle(), line.GetProperty("isSpeech").GetBoolean())));
    }
}
