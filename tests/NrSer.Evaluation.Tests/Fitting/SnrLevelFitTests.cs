using System.Text.Json;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;
using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Core.Signal;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Fitting;

namespace NrSer.Evaluation.Tests.Fitting;

public sealed class SnrLevelFitTests : IDisposable
{
    private const int RateHz = 16000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-fitting-tests-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task RunAsync_StoppedAndRunAgain_HearsOnlyTheRestAndGivesTheSame()
    {
        FittingAudio audio = await LoadAsync(await SpeechAsync(), await NoiseAsync());
        var whole = new Smoother();
        FittedSnrLevel expected;
        using (SnrLevelFit fit = Fit(whole, audio, "whole"))
            expected = await fit.RunAsync(SnrLevelFit.LeastExcerpts, _ => { }, Stop);
        Assert.Equal(SnrLevelFit.CountOf(SnrLevelFit.LeastExcerpts), whole.Heard);

        var stopped = new Smoother { Last = 30 };
        using (SnrLevelFit fit = Fit(stopped, audio, "stopped"))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fit.RunAsync(SnrLevelFit.LeastExcerpts, _ => { }, Stop));
        string cache = Path.Combine(_folder.FullName, "stopped");
        await using (FileStream file = File.OpenWrite(cache)) // and the last record was cut off
            file.SetLength(file.Length - 5);
        var rest = new Smoother();
        using SnrLevelFit again = Fit(rest, audio, "stopped");
        Assert.Throws<EvaluationException>(() => Fit(rest, audio, "stopped")); // one at a time
        FittedSnrLevel fitted = await again.RunAsync(SnrLevelFit.LeastExcerpts, _ => { }, Stop);
        Assert.Equal(whole.Heard - 29, rest.Heard);
        Assert.Equal(JsonSerializer.Serialize(expected.Entry), JsonSerializer.Serialize(fitted.Entry));
        Assert.Equal(expected.Fixture().Outputs[0].Data, fitted.Fixture().Outputs[0].Data);
        Assert.Equal(expected.Measured.ToJsonString(), fitted.Measured.ToJsonString());
    }

    [Fact]
    public async Task RunAsync_EnhancerThatTellsThemApart_SeparatesWhatItNeverHeard()
    {
        using SnrLevelFit fit = Fit(new Smoother(), await LoadAsync(await SpeechAsync(), await NoiseAsync()), "cache");
        FittedSnrLevel fitted = await fit.RunAsync(20, _ => { }, Stop);
        JsonElement test = JsonSerializer.SerializeToElement(fitted.Measured).GetProperty("test");
        Assert.True(test.GetProperty("accuracyCleanVersusNoise").GetProperty("atBestValidationThreshold").GetDouble() > 0.9);
        JsonElement means = test.GetProperty("meanScore");
        Assert.True(means.GetProperty("noise").GetDouble() < means.GetProperty("clean").GetDouble() - 0.5);
        Assert.True(means.GetProperty("0dB").GetDouble() < means.GetProperty("30dB").GetDouble());
        Assert.Contains(fitted.HeldOut.Tables, table => table.Title.StartsWith("Clean speech against noise alone", StringComparison.Ordinal));
        Assert.Equal("smoother@1", fitted.Entry.Enhancer);
    }

    [Fact]
    public async Task LoadAsync_SpeakersAndFiles_AreInOneSplitEach()
    {
        FittingAudio audio = await LoadAsync(await SpeechAsync(), await NoiseAsync());
        Assert.Empty(audio.Notes);
        string[][] speakers = [.. Enum.GetValues<Split>().Select(split =>
            audio.SpeechOf(split).Select(sound => sound.Clip.Speaker).Distinct(StringComparer.Ordinal).ToArray())];
        Assert.Equal([3, 1, 1], speakers.Select(each => each.Length));
        Assert.Equal(5, speakers.SelectMany(each => each).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([3, 1, 1], Enum.GetValues<Split>().Select(split => audio.NoiseOf(split).Length));
    }

    [Fact]
    public async Task LoadAsync_ManifestWithSplits_IsObeyed()
    {
        EvaluationClip[] speech = [.. (await SpeechAsync()).Select((clip, i) => clip with { Split = (Split)(i % 3) })];
        EvaluationClip[] noise = [.. (await NoiseAsync()).Select((clip, i) => clip with { Split = (Split)(i % 3) })];
        FittingAudio audio = await LoadAsync(speech, noise);
        Assert.All(Enum.GetValues<Split>(), split => Assert.All(audio.SpeechOf(split), sound => Assert.Equal(split, sound.Clip.Split)));
        Assert.Contains("split", (await Refused([.. speech.Skip(1), speech[0] with { Split = null }], noise)).Message, StringComparison.Ordinal);
        Assert.Contains("no noise", (await Refused(speech, [.. noise.Select(clip => clip with { Split = Split.Train })])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadAsync_WhatCannotBeUsed_IsSaid()
    {
        EvaluationClip[] speech = await SpeechAsync(), noise = await NoiseAsync();
        EvaluationClip silent = await ClipAsync("silent.wav", 3, _ => 0), copy = await ClipAsync("copy.wav", 7, NoiseOf(0));
        EvaluationClip text = AsNoise(copy) with { Noise = new FileInfo(Path.Combine(_folder.FullName, "text.wav")) };
        await File.WriteAllTextAsync(text.File.FullName, "no audio", Stop);
        FittingAudio audio = await LoadAsync(speech, [.. noise, AsNoise(silent), text, AsNoise(copy)]);
        Assert.Contains(audio.Notes, note => note.Contains("1 recordings that cannot be used, 1 silent", StringComparison.Ordinal));
        Assert.Contains(audio.Notes, note => note.Contains("the same as another", StringComparison.Ordinal));

        Assert.Contains("called speech", (await Refused([.. speech, copy], noise)).Message, StringComparison.Ordinal);
        Assert.Contains("of noise in 4 recordings", (await Refused(speech, noise[1..])).Message, StringComparison.Ordinal);
        Assert.Contains("0 s of speech in 0", (await Refused([silent], noise)).Message, StringComparison.Ordinal);
        audio = await LoadAsync([.. speech.Select(clip => clip with { Speaker = "one" })], noise);
        Assert.Contains(audio.Notes, note => note.Contains("split by file", StringComparison.Ordinal));
    }

    private static async Task<EvaluationException> Refused(EvaluationClip[] speech, EvaluationClip[] noise) =>
        await Assert.ThrowsAsync<EvaluationException>(() => LoadAsync(speech, noise));

    private static Task<FittingAudio> LoadAsync(EvaluationClip[] speech, EvaluationClip[] noise) =>
        FittingAudio.LoadAsync(new EvaluationSet([.. speech, .. noise]), new ClipAudio(new AudioDecoder(new AudioOptions())), 2, _ => { }, Stop);

    private SnrLevelFit Fit(ISpeechEnhancer enhancer, FittingAudio audio, string cache) =>
        new(s_entry, enhancer, audio, Path.Combine(_folder.FullName, cache), threads: 1);

    /// <summary>Five voices: low tones of their own, which swell and fade.</summary>
    private async Task<EvaluationClip[]> SpeechAsync() => [.. await Task.WhenAll(Enumerable.Range(0, 5).Select(voice => ClipAsync(
        $"voice{voice}.wav", 13, n => 0.2 * Math.Sin(n * (0.05 + (0.01 * voice))) * (1 + Math.Sin(n * 4e-4)) * (1 + Math.Sin(n * 0.02)))))];

    /// <summary>Five white noises.</summary>
    private async Task<EvaluationClip[]> NoiseAsync() =>
        [.. await Task.WhenAll(Enumerable.Range(0, 5).Select(async number => AsNoise(await ClipAsync($"noise{number}.wav", 7, NoiseOf(number)))))];

    private static Func<int, double> NoiseOf(int seed)
    {
        var random = new Random(seed);
        return _ => 0.2 * (random.NextDouble() - 0.5);
    }

    private static EvaluationClip AsNoise(EvaluationClip clip) =>
        clip with { Recording = null, Noise = clip.Recording, Corpus = "noise", NoiseType = "white" };

    private async Task<EvaluationClip> ClipAsync(string name, int seconds, Func<int, double> sample)
    {
        var file = new FileInfo(Path.Combine(_folder.FullName, name));
        await using FileStream content = file.Create();
        float[] samples = [.. Enumerable.Range(0, seconds * RateHz).Select(n => (float)sample(n))];
        var writer = new WavWriter(content, WavSampleFormat.Pcm16, RateHz, channels: 1, samples.Length);
        await writer.WriteAsync(samples, Stop);
        await writer.CompleteAsync(Stop);
        return new EvaluationClip(file, null, null, null, null, name, "made", "", null);
    }

    private static readonly ModelEntry s_entry = new()
    {
        Name = "smoother", Version = "1", Kind = ModelKind.Enhancer, Quality = "demonstration", File = "", Sha256 = "", SampleRateHz = RateHz,
        Inputs = [], Outputs = [], Licence = "", Source = "", TrainingData = [], Measured = default,
        Stft = new StftParameters(400, 100, WindowKind.Hamming),
    };

    /// <summary>An enhancer that leaves slow changes, if they are large: the mean of eight samples.</summary>
    private sealed class Smoother : ISpeechEnhancer
    {
        public int Heard { get; private set; }

        public int? Last { get; init; }

        public void Enhance(ReadOnlyMemory<float> noisy, Memory<float> enhanced, CancellationToken cancellationToken)
        {
            if (Heard >= Last)
                throw new OperationCanceledException();
            Heard++;
            const int Width = 8;
            double sum = 0;
            ReadOnlySpan<float> x = noisy.Span;
            for (int n = 0; n < x.Length; n++)
            {
                sum += x[n] - (n >= Width ? x[n - Width] : 0);
                enhanced.Span[n] = Math.Abs(sum / Width) > 0.03 ? (float)(sum / Width) : 0;
            }
        }
    }
}
