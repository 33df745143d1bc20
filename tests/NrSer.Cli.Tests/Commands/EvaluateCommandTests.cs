using System.Text.Json;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

/// <summary>Every experiment on a handful of clips: that it runs, says what it should, and agrees with the other commands.</summary>
public sealed class EvaluateCommandTests : IDisposable
{
    private static readonly string[] s_verdicts = ["shown", "not shown", "contradicted"];

    private readonly Scratch _scratch = new();

    public EvaluateCommandTests()
    {
        string[] labels = ["neutral", "angry", "happy"];
        for (int i = 0; i < labels.Length; i++)
            _scratch.Write($"speech/{labels[i]}/clip{i}.wav", SampleFiles.Concatenated(3 + i, SampleFiles.Clean));
        _scratch.Write("noise/hum/a.wav", SampleFiles.Concatenated(3, SampleFiles.NoiseOnly));
        _scratch.Write("noise/hiss/b.wav", SampleFiles.Concatenated(2, SampleFiles.NoiseOnly));
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Snr_SpeechAndNoise_AgreesWithScoreAndRises()
    {
        JsonElement report = (await EvaluateAsync("snr", "--snr", "-5", "5", "20", "--json", "--charts", _scratch["charts"])).Json();

        double[] scores = [.. (await Nrser.RunAsync("score", _scratch["speech/neutral/clip0.wav"], _scratch["speech/angry/clip1.wav"],
            _scratch["speech/happy/clip2.wav"]))
            .JsonLines().Select(line => line.GetProperty("score").GetDouble())];
        Dictionary<string, double> means = Rows(report, "S by SNR, all noises").ToDictionary(row => row[0], row => Number(row[2]));
        Assert.Equal(scores.Average(), means["clean"], 6e-4); // three decimals
        Assert.True(means["noise alone"] < means["-5 dB"] && means["-5 dB"] < means["+5 dB"] && means["+5 dB"] < means["+20 dB"]);
        Assert.Equal(1, Number(Rows(report, "Share that passes the gate as speech").Single(row => row[0] == "clean speech")[2]));
        Assert.True(new FileInfo(_scratch["charts/snr-mean.png"]).Length > 1000);
    }

    [Fact]
    public async Task Enhancement_SpeechAndNoise_GainsInNoise()
    {
        JsonElement report = (await EvaluateAsync("enhancement", "--snr", "0", "--json")).Json();

        string[] noisy = Rows(report, "By SNR").Single(row => row[0] == "0 dB"), clean = Rows(report, "By SNR").Single(row => row[0] == "clean");
        Assert.True(Number(noisy[2]) > 3);
        // mixed at 0 dB, so that the gain is what comes out; SI-SDR counts pauses, the mixing does not
        Assert.Equal(Number(noisy[2]), Number(noisy[3]), 1.0);
        Assert.Equal("–", clean[2]);
        Assert.True(Number(clean[3]) > 15);
    }

    [Fact]
    public async Task Enhancement_ThroughAChannel_NamesItAndMeasuresAgainstCleanSpeechFromThere()
    {
        JsonElement plain = (await Nrser.RunAsync("evaluate", "enhancement", _scratch["speech"], "--json")).Json(),
            telephone = (await Nrser.RunAsync("evaluate", "enhancement", _scratch["speech"], "--channel", "telephone", "--json")).Json(),
            hum = (await Nrser.RunAsync("evaluate", "enhancement", _scratch["speech"], "--channel", "hum", "--json")).Json();

        string[] Clean(JsonElement report) => Rows(report, "By SNR").Single(row => row[0] == "clean");
        Assert.EndsWith(" (n = 3)", Clean(plain)[3], StringComparison.Ordinal); // each file is a speaker
        Assert.DoesNotContain("hannel", plain.GetProperty("notes").ToString(), StringComparison.Ordinal);
        Assert.Contains("telephone: 300–3400 Hz", telephone.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(1, Number(Clean(telephone)[4])); // STOI before: its own target
        Assert.NotEqual(Number(Clean(plain)[3]), Number(Clean(telephone)[3]));
        Assert.Equal("–", Clean(telephone)[2]);
        Assert.NotEqual("–", Clean(hum)[2]); // what was added can be taken away
    }

    [Fact]
    public async Task Emotion_KnownLabels_AgreesWithAnalyze()
    {
        JsonElement report = (await EvaluateAsync("emotion", "--json", "--charts", _scratch["charts"])).Json();

        string[][] confusion = Rows(report, "What was taken for what, as recorded");
        string[] labels = [.. report.GetProperty("tables").EnumerateArray().Single(table => Title(table) == "What was taken for what, as recorded")
            .GetProperty("columns").EnumerateArray().Skip(1).Select(column => column.GetString()!)];
        foreach ((string label, string clip) in new[] { ("neutral", "speech/neutral/clip0.wav"), ("angry", "speech/angry/clip1.wav"),
            ("happy", "speech/happy/clip2.wav") })
        {
            JsonElement segment =
                Assert.Single((await Nrser.RunAsync("analyze", "--whole", _scratch[clip])).Json().GetProperty("segments").EnumerateArray());
            string[] row = confusion.Single(cells => cells[0] == label);
            Assert.Equal("1", row[1 + Array.IndexOf(labels, segment.GetProperty("emotion").GetString())]);
        }

        Assert.True(File.Exists(_scratch["charts/emotion-reliability.png"]));
    }

    [Fact]
    public async Task Ablation_OneClassifierForAll_HasEveryArmAndVerdicts()
    {
        for (int i = 0; i < 3; i++)
            _scratch.Write($"speech/sad/long{i}.wav", SampleFiles.Concatenated(10, SampleFiles.Clean)); // parts of a recording whose SNR changes
        _scratch.Write("speech/0.wav", SampleFiles.Concatenated(2, SampleFiles.Clean)); // has no label: heard by the one experiment, not by the other
        JsonElement report = (await EvaluateAsync("ablation", "--snr", "0", "--json")).Json();

        string[][] recalls = Rows(report, "UAR");
        Assert.Equal(["clean", "0 dB"], recalls.Select(row => row[0]));
        Assert.All(recalls, row => Assert.Equal(5, row.Length));
        JsonElement emotion = (await EvaluateAsync("emotion", "--snr", "0", "--json")).Json();
        Assert.Equal(recalls[1][3], Assert.Single(Rows(emotion, "Categories, 0 dB"))[2]); // the same mixtures, so the same recall of the method
        Assert.All(report.GetProperty("claims").EnumerateArray(), claim => Assert.Contains(claim.GetProperty("verdict").GetString(), s_verdicts));
        Assert.Equal(4, report.GetProperty("claims").GetArrayLength());
        string[][] changing = Rows(report,
            report.GetProperty("tables").EnumerateArray().Select(Title).Single(title => title.StartsWith("SNR changing", StringComparison.Ordinal)));
        Assert.True(Number(changing[0][1]) > Number(changing[1][1])); // S in the clean parts above S in the noisy part
    }

    [Fact]
    public async Task Emotion_AsText_AndMarkdown_ShowTheSameFigures()
    {
        string text = (await Nrser.RunProcessAsync("evaluate", "emotion", _scratch["speech"], "--noise", _scratch["noise"])).Output,
             markdown = (await EvaluateAsync("emotion", "--format", "markdown")).Output;
        Assert.Contains("| corpus | clips | UAR | macro-F1 | ECE | ECE by chance |", markdown, StringComparison.Ordinal);
        Assert.Contains("| right of the trusted half |", markdown, StringComparison.Ordinal);
        string[] figures = [.. markdown.Split('\n').Where(line => line.StartsWith("| speech |", StringComparison.Ordinal))];
        Assert.Equal(2, figures.Length);
        Assert.All(figures.SelectMany(line => line.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
            cell => Assert.Contains(cell, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnyExperiment_WithoutWhatItNeeds_SaysSo()
    {
        (await Nrser.RunAsync("evaluate", "snr", _scratch["nowhere"])).Refused(2);
        Assert.Contains("noise", (await Nrser.RunAsync("evaluate", "enhancement", _scratch["speech"], "--snr", "5")).Refused(2),
            StringComparison.Ordinal);
        Assert.Contains("Telephone", (await Nrser.RunAsync("evaluate", "snr", _scratch["speech"], "--channel", "narrow")).Errors,
            StringComparison.Ordinal);
        _scratch.Write("unknown/bored/a.wav", SampleFiles.Concatenated(2, SampleFiles.Clean));
        Assert.Contains("neutral", (await Nrser.RunAsync("evaluate", "emotion", _scratch["unknown"])).Refused(2), StringComparison.Ordinal);
        _scratch.Write("short/sad/a.wav", SampleFiles.Concatenated(0.2, SampleFiles.Clean));
        Assert.Contains("0.5 s", (await Nrser.RunAsync("evaluate", "emotion", _scratch["short"])).Refused(2), StringComparison.Ordinal);
    }

    private Task<Outcome> EvaluateAsync(string experiment, params string[] options) =>
        Nrser.RunAsync(["evaluate", experiment, _scratch["speech"], "--noise", _scratch["noise"], .. options]);

    private static string[][] Rows(JsonElement report, string title) =>
        [.. report.GetProperty("tables").EnumerateArray().Single(table => Title(table) == title)
        .GetProperty("rows").EnumerateArray().Select(row => row.EnumerateArray().Select(cell => cell.GetString()!).ToArray())];

    private static string Title(JsonElement table) => table.GetProperty("title").GetString()!;

    /// <summary>The figure of a cell, without its interval.</summary>
    private static double Number(string cell) => double.Parse(cell.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
