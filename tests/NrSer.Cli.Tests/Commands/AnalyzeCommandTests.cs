using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using NrSer.Cli.Tests.Processes;
using NrSer.Core.Audio.Wav;
using NrSer.Core.Models;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands;

public sealed class AnalyzeCommandTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Analyze_RecordingCutOff_NamesItAndACommandThatMendsIt()
    {
        string cut = _scratch["it's cut.wav"], mended = _scratch["out.wav"];
        byte[] whole = await File.ReadAllBytesAsync(SampleFiles.Noisy, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(cut, whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);

        string refused = (await Nrser.RunAsync("analyze", cut)).Refused(2);

        Assert.Contains($"{cut}: The recording is cut off", refused, StringComparison.Ordinal);
        string command = refused[refused.IndexOf("ffmpeg -i ", StringComparison.Ordinal)..].Split(" out.wav")[0];
        using Process ffmpeg = Process.Start("bash", ["-c", $"{command} -loglevel error '{mended}'"]);
        await ffmpeg.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0.5, new FileInfo(mended).Length / (double)whole.Length, 0.01);
    }

    // What nobody said costs nothing: a recorder that was left on.
    [Fact(Explicit = true)]
    public async Task Analyze_ADayOfSilence_TakesMinutesAndLittleMemory()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        string day = _scratch["day.flac"];
        using (var encoder = Process.Start(
            "ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "86400", "-c:a", "flac", day]))
            await encoder.WaitForExitAsync(stop);
        long began = TimeProvider.System.GetTimestamp();
        (Outcome analyzed, long peak) = await Nrser.RunMeasuredAsync([], "analyze", day);
        double seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"24 h of silence: {seconds:F0} s, {peak / 1e6:F0} MB at most");
        Assert.Equal(86_400, analyzed.Json().GetProperty("recording").GetProperty("durationSeconds").GetDouble());
        Assert.InRange(seconds, 0, 300);
        Assert.InRange(peak, 1, 250_000_000);
    }

    [Fact]
    public async Task Analyze_NoisySpeech_PrintsTheFieldsOfTheContract()
    {
        JsonElement analysis = (await Nrser.RunAsync("analyze", SampleFiles.Noisy)).Json();

        JsonElement recording = analysis.GetProperty("recording");
        Assert.Equal("noisy.wav", recording.GetProperty("file").GetString());
        Assert.Equal(144038 / 16000.0, recording.GetProperty("durationSeconds").GetDouble());
        Assert.Equal(16000, recording.GetProperty("sampleRateHz").GetInt32());
        Assert.Equal(1, recording.GetProperty("channels").GetInt32());
        Assert.Equal("wav pcm16", recording.GetProperty("encoding").GetString());
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(SampleFiles.Noisy, TestContext.Current.CancellationToken))),
            recording.GetProperty("sha256").GetString());
        foreach (string model in new[] { "enhancer", "snrLevel", "emotion" })
            Assert.Matches("^[^@]+@[^@]+$", analysis.GetProperty("models").GetProperty(model).GetString());
        Assert.Contains(analysis.GetProperty("models").GetProperty("quality").GetString(), new[] { "demonstration", "production" });
        AssertTile(analysis);
        float[] range = MixRange();
        Assert.All(analysis.GetProperty("segments").EnumerateArray(), segment =>
        {
            Assert.True(segment.GetProperty("isSpeech").GetBoolean());
            float score = segment.GetProperty("snrScore").GetSingle();
            Assert.Equal(Math.Clamp((score - range[0]) / (range[1] - range[0]), 0, 1), segment.GetProperty("mixWeight").GetSingle(), 1e-5f);
            JsonProperty[] probabilities =
                [.. segment.EnumerateObject().Where(field => field.Name.StartsWith("probability_", StringComparison.Ordinal))];
            Assert.Equal(EmotionVocabulary.Names.Select(name => $"probability_{name}"), probabilities.Select(field => field.Name));
            probabilities = [.. probabilities.Where(field => field.Value.ValueKind != JsonValueKind.Null)];
            JsonProperty likeliest = probabilities.MaxBy(field => field.Value.GetSingle());
            Assert.Equal(likeliest.Name, $"probability_{segment.GetProperty("emotion").GetString()}");
            Assert.Equal(likeliest.Value.GetSingle(), segment.GetProperty("confidence").GetSingle());
            Assert.InRange(segment.GetProperty("trust").GetSingle(), 0, 1);
            Assert.Equal(segment.GetProperty("trust").GetSingle() >= 0.5f, segment.GetProperty("isReportable").GetBoolean());
            Assert.Equal(1, probabilities.Sum(field => field.Value.GetDouble()), 1e-5); // softmax in float32
            foreach (string rating in new[] { "arousal", "valence", "dominance" })
                Assert.True(float.IsFinite(segment.GetProperty(rating).GetSingle()));
        });
    }

    [Fact]
    public async Task Analyze_SpeechAndNoise_HasTheApprovedForm() => Approved.Equal(
        JsonShape.Of((await Nrser.RunAsync("analyze", SampleFiles.Noisy)).Json(), (await Nrser.RunAsync("analyze", SampleFiles.NoiseOnly)).Json()),
        "analyze.json.txt");

    [Fact]
    public async Task Analyze_CleanSpeech_IsLeftAlone() => Assert.All(
        (await Nrser.RunAsync("analyze", SampleFiles.Clean)).Json().GetProperty("segments").EnumerateArray(),
        segment => Assert.Equal(1, segment.GetProperty("mixWeight").GetSingle()));

    [Fact]
    public async Task Analyze_Twice_PrintsTheSame() => Assert.Equal(
        (await Nrser.RunProcessAsync("analyze", SampleFiles.Clean)).Output, (await Nrser.RunProcessAsync("analyze", SampleFiles.Clean)).Output);

    [Fact]
    public async Task Analyze_SeveralChunks_TilesTheFile()
    {
        string path = _scratch.Write("long.wav", SampleFiles.Concatenated(25.1, SampleFiles.Clean, SampleFiles.NoiseOnly));

        JsonElement analysis = (await Nrser.RunWithAsync(new() { ["NrSer__Segmentation__MaxChunk"] = "00:00:10" }, "analyze", path)).Json();

        Assert.Equal(25.1, analysis.GetProperty("recording").GetProperty("durationSeconds").GetDouble());
        AssertTile(analysis);
    }

    [Theory]
    [InlineData(1e20f)]
    [InlineData(float.NaN)]
    public async Task AnyCommand_OneSampleBeyondAnySound_IsRefusedAndTheRestGoesOn(float spike)
    {
        float[] samples = new float[32000];
        samples[20000] = spike;
        string path = _scratch["spike.wav"];
        await using (FileStream file = File.Create(path))
        {
            var writer = new WavWriter(file, WavSampleFormat.IeeeFloat, 16000, channels: 1);
            await writer.WriteAsync(samples, TestContext.Current.CancellationToken);
            await writer.CompleteAsync(TestContext.Current.CancellationToken);
        }

        (await Nrser.RunAsync("analyze", path)).Refused(2);
        (await Nrser.RunAsync("enhance", path, _scratch["out.wav"])).Refused(2);
        Assert.False(File.Exists(_scratch["out.wav"]));
        Outcome scores = await Nrser.RunAsync("score", path, SampleFiles.Clean);
        Assert.Equal(2, scores.ExitCode);
        Assert.Single(scores.JsonLines());
    }

    [Fact]
    public async Task Analyze_NewUser_LeavesNothingInTheHomeFolder()
    {
        string home = Directory.CreateDirectory(_scratch["home"]).FullName;
        Dictionary<string, string> environment = new() { ["HOME"] = home, ["XDG_CACHE_HOME"] = Path.Combine(home, ".cache") };
        (await Nrser.RunProcessInAsync(home, environment, "analyze", SampleFiles.Clean)).Succeeded();

        // ONNX Runtime would keep a device id and a queue of reports there.
        Assert.DoesNotContain(Directory.GetFileSystemEntries(home, "*", SearchOption.AllDirectories),
            entry => entry.Contains("onnxruntime", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(home, ".cache", "Microsoft")));
    }

    [Fact]
    public async Task Analyze_NoiseOnly_HearsNoEmotion()
    {
        JsonElement analysis = (await Nrser.RunAsync("analyze", SampleFiles.NoiseOnly)).Json();

        Assert.NotEqual(0, analysis.GetProperty("segments").GetArrayLength());
        Assert.All(analysis.GetProperty("segments").EnumerateArray(), segment =>
        {
            Assert.False(segment.GetProperty("isSpeech").GetBoolean());
            foreach (string name in new[] { "emotion", "confidence", "trust", "probability_neutral", "probability_other", "arousal", "valence",
                "dominance" })
                Assert.Equal(JsonValueKind.Null, segment.GetProperty(name).ValueKind);
        });
    }

    [Fact]
    public async Task Analyze_Whole_GivesOneSegment()
    {
        JsonElement segment =
            Assert.Single((await Nrser.RunAsync("analyze", "--whole", SampleFiles.Clean)).Json().GetProperty("segments").EnumerateArray());

        Assert.Equal(0, segment.GetProperty("startSeconds").GetDouble());
        Assert.InRange(segment.GetProperty("endSeconds").GetDouble(), 8.75, 144038 / 16000.0);
    }

    [Theory]
    [InlineData(30.5, "00:05:00")]
    [InlineData(30.5, "00:00:20")] // the first chunk alone would be short enough
    public async Task Analyze_WholeOfMoreThanThirtySeconds_Refuses(double seconds, string maxChunk)
    {
        string path = _scratch.Write("long.wav", SampleFiles.Concatenated(seconds, SampleFiles.Clean));

        Outcome outcome = await Nrser.RunWithAsync(new() { ["NrSer__Segmentation__MaxChunk"] = maxChunk }, "analyze", "--whole", path);

        Assert.Contains("30 s", outcome.Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Analyze_WholeOfThirtySecondsInSeveralChunks_GivesOneSegment()
    {
        string path = _scratch.Write("long.wav", SampleFiles.Concatenated(30, SampleFiles.Clean));

        Outcome outcome = await Nrser.RunWithAsync(new() { ["NrSer__Segmentation__MaxChunk"] = "00:00:20" }, "analyze", "--whole", path);

        Assert.Single(outcome.Json().GetProperty("segments").EnumerateArray());
    }

    [Fact]
    public async Task Analyze_HalfASecond_GivesOneSegment()
    {
        string path = _scratch.Write("short.wav", SampleFiles.Concatenated(0.5, SampleFiles.Clean));

        Assert.Single((await Nrser.RunAsync("analyze", path)).Json().GetProperty("segments").EnumerateArray());
    }

    [Fact]
    public async Task Analyze_LessThanHalfASecond_SaysWhatIsNeeded()
    {
        string path = _scratch.Write("short.wav", SampleFiles.Concatenated(0.4, SampleFiles.Clean));

        Assert.Contains("0.5 s", (await Nrser.RunAsync("analyze", path)).Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Analyze_InvertedChannel_IsHeardWithAWarning()
    {
        await SampleFiles.EncodeAsync(_scratch["inverted.wav"], "-af", "pan=stereo|c0=c0|c1=-1*c0");

        Outcome outcome = await Nrser.RunAsync("analyze", _scratch["inverted.wav"]);

        Assert.Equal("difference of 0, 1", outcome.Json().GetProperty("recording").GetProperty("channelsHeard").GetString());
        Assert.True(outcome.Json().GetProperty("segments")[0].GetProperty("isSpeech").GetBoolean());
        Assert.Contains("inverted", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Analyze_Text_Refuses() =>
        (await Nrser.RunAsync("analyze", _scratch.Write("notes.wav", "These are notes, not sounds.\n"u8))).Refused(2);

    [Fact]
    public async Task Analyze_EmptyFile_Refuses() => (await Nrser.RunAsync("analyze", _scratch.Write("empty.wav", []))).Refused(2);

    [Fact]
    public async Task Analyze_MissingFile_NamesIt() =>
        Assert.Contains("missing.wav", (await Nrser.RunAsync("analyze", _scratch["missing.wav"])).Refused(2), StringComparison.Ordinal);

    [Fact]
    public async Task Analyze_Folder_SaysThatItIsOne() =>
        Assert.Contains("folder", (await Nrser.RunAsync("analyze", _scratch.Path)).Refused(2), StringComparison.Ordinal);

    [Theory]
    [InlineData("long")]
    [InlineData("00:00:01")]
    public async Task Analyze_WrongSetting_NamesTheSetting(string maxChunk)
    {
        Outcome outcome = await Nrser.RunWithAsync(new() { ["NrSer__Segmentation__MaxChunk"] = maxChunk }, "analyze", SampleFiles.Clean);
        Assert.Contains("MaxChunk", outcome.Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Analyze_Mp3_HearsIt()
    {
        await SampleFiles.EncodeAsync(_scratch["talk.mp3"], "-ar", "44100", "-ac", "2", "-b:a", "128k");
        JsonElement analysis = (await Nrser.RunAsync("analyze", _scratch["talk.mp3"])).Json();
        JsonElement recording = analysis.GetProperty("recording");
        Assert.Equal(44100, recording.GetProperty("sampleRateHz").GetInt32());
        Assert.Equal(2, recording.GetProperty("channels").GetInt32());
        Assert.Contains("mp3", recording.GetProperty("encoding").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(_scratch["talk.mp3"], TestContext.Current.CancellationToken))),
            recording.GetProperty("sha256").GetString());
        Assert.Equal(144038 / 16000.0, recording.GetProperty("durationSeconds").GetDouble(), 0.1); // encoders pad to whole frames
        AssertTile(analysis);
    }

    /// <summary>Of the embedded SNR-level model.</summary>
    private static float[] MixRange()
    {
        JsonElement catalog = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "models", "catalog.json"))).RootElement;
        JsonElement entry = catalog.GetProperty("models").EnumerateArray().Single(model => model.GetProperty("kind").GetString() == "snrLevel");
        return [.. entry.GetProperty("snrLevel").GetProperty("mixRange").EnumerateArray().Select(end => end.GetSingle())];
    }

    /// <summary>Segments follow each other from the start to the last quarter of a second.</summary>
    private static void AssertTile(JsonElement analysis)
    {
        double end = 0, duration = analysis.GetProperty("recording").GetProperty("durationSeconds").GetDouble();
        foreach (JsonElement segment in analysis.GetProperty("segments").EnumerateArray())
        {
            Assert.Equal(end, segment.GetProperty("startSeconds").GetDouble());
            end = segment.GetProperty("endSeconds").GetDouble();
        }

        Assert.InRange(end, Math.BitIncrement(duration - 0.25), duration);
    }
}
