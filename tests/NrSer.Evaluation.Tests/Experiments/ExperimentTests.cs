using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;
using NrSer.Evaluation.Channels;
using NrSer.Evaluation.Experiments;

namespace NrSer.Evaluation.Tests.Experiments;

public sealed class ExperimentTests : IDisposable
{
    private const int RateHz = 16000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-evaluation-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void NoiseFor_AnyOrderAndSubset_IsDecidedByTheNamesAlone()
    {
        EvaluationClip[] noises = [.. Enumerable.Range(0, 10).Select(i => Noise($"{i}.wav", i % 2 == 0 ? "rain" : "wind"))];
        EvaluationClip[] speech = [.. Enumerable.Range(0, 1000).Select(i => Speech($"clip{i}.wav"))];
        Experiment all = Of([.. speech, .. noises]), others = Of([.. noises.Reverse().Skip(1), .. speech.Reverse().Take(300)]); // 9.wav is gone
        EvaluationClip[] chosen = [.. speech.Select(all.NoiseFor)];
        for (int i = 0; i < speech.Length; i++)
        {
            if (chosen[i] != noises[9])
                Assert.Same(chosen[i], others.NoiseFor(speech[i]));
        }

        Assert.All(noises, noise => Assert.InRange(chosen.Count(other => other == noise), 70, 130)); // 100 ± three standard deviations
    }

    [Fact]
    public void NoiseFor_WithoutNoise_SaysWhatIsNeeded() =>
        Assert.Contains("--noise", Assert.Throws<EvaluationException>(() => Of([]).NoiseFor(Speech("a.wav"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(ChannelKind.None)]
    [InlineData(ChannelKind.Telephone)]
    [InlineData(ChannelKind.Rumble)]
    public async Task Takes_OfAClip_GoThroughTheChannelAfterMixing(ChannelKind kind)
    {
        float[] speech = await WriteAsync("a.wav", n => 0.2 * Math.Sin(n * 0.3));
        float[] noise = await WriteAsync("b.wav", n => 0.1 * Math.Sin(n * n * 0.01));
        Experiment experiment = Of([Speech("a.wav"), Noise("b.wav", "chirp")], kind, 0, 5);
        Take[] takes = await experiment.TakesAsync(experiment.Set.Speech[0], TestContext.Current.CancellationToken);

        var channel = new Channel(kind);
        int seed = ClipAudio.StableHash("a.wav");
        Assert.Equal([(null, "", null), (0, "chirp", "noise/b.wav"), (5, "chirp", "noise/b.wav")],
            takes.Select(take => (take.SnrDb, take.NoiseType, take.NoiseSource)));
        Assert.All(takes, take => Assert.Equal(channel.Passed(speech), take.Clean));
        Assert.Equal(channel.Recorded(speech, seed), takes[0].Recording);
        Assert.Equal(channel.Recorded(ClipAudio.Mix(speech, noise, 5, "a.wav"), seed), takes[2].Recording);
        Assert.Equal(channel.Recorded(noise, ClipAudio.StableHash("b.wav")),
            await experiment.NoiseAsync(experiment.Set.Noise[0], TestContext.Current.CancellationToken));
        Assert.Equal(kind == ChannelKind.None ? 0 : 1, experiment.NewReport("Emotion", []).Notes.Count);
    }

    [Fact]
    public async Task Pair_GivenAsRecorded_GoesThroughTheChannelOnBothSides()
    {
        float[] noisy = await WriteAsync("noisy.wav", n => 0.3 * Math.Sin(n * 0.3));
        float[] clean = await WriteAsync("clean.wav", n => 0.2 * Math.Sin(n * 0.3));
        var pair = new EvaluationClip(FileOf("noisy.wav"), FileOf("clean.wav"), null, 5, null, "anna", "acted", "rain", null);
        Take take = await Of([pair], ChannelKind.Eight).PairAsync(pair, TestContext.Current.CancellationToken);
        var channel = new Channel(ChannelKind.Eight);
        Assert.Equal((5, "rain", null), (take.SnrDb, take.NoiseType, take.NoiseSource)); // which recording of rain, nobody knows
        Assert.Equal(channel.Passed(noisy), take.Recording);
        Assert.Equal(channel.Passed(clean), take.Clean);
    }

    private static Experiment Of(EvaluationClip[] clips, ChannelKind kind = ChannelKind.None, params double[] snrsDb) =>
        new(null!, null!, null!, new AudioDecoder(new AudioOptions())) // nothing is enhanced or recognised here
        {
            Set = new EvaluationSet(clips), SnrsDb = snrsDb, Seed = 1, Channel = new Channel(kind),
        };

    private EvaluationClip Speech(string name) => new(FileOf(name), null, null, null, null, name, "acted", "", null);

    private EvaluationClip Noise(string name, string type) => new(null, null, FileOf(name), null, null, name, "noise", type, null);

    private FileInfo FileOf(string name) => new(Path.Combine(_folder.FullName, name));

    private async Task<float[]> WriteAsync(string name, Func<int, double> value)
    {
        float[] samples = [.. Enumerable.Range(0, RateHz).Select(n => (float)value(n))];
        await using FileStream file = FileOf(name).Create();
        var writer = new WavWriter(file, WavSampleFormat.IeeeFloat, RateHz, channels: 1);
        await writer.WriteAsync(samples, TestContext.Current.CancellationToken);
        await writer.CompleteAsync(TestContext.Current.CancellationToken);
        return samples;
    }
}
