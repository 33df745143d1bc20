using NrSer.Cli.Evaluation;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Evaluation;

public sealed class EvaluationSetTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public EvaluationSetTests()
    {
        foreach (string file in new[] { "a.wav", "b.wav", "noise.wav" })
            _scratch.Write(file, []);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Load_Manifest_TellsSpeechNoiseAndPairs()
    {
        EvaluationSet set = Load(
            """
            Label, path ,noisePath,cleanPath,snrDb,speaker,corpus,noiseType,arousal,valence,dominance
            angry,a.wav,,,,anna,acted,,4.5,2,3.25
            ,,noise.wav,,,,,rain,,,
            sad,,noise.wav,b.wav,-5,,,babble,1,,2
            """);

        EvaluationClip speech = Assert.Single(set.Speech), noise = Assert.Single(set.Noise), pair = Assert.Single(set.Pairs);
        Assert.Equal(("angry", "anna", "acted", new Ratings(4.5f, 2, 3.25f)), (speech.Label, speech.Speaker, speech.Corpus, speech.Ratings));
        Assert.Equal(_scratch["a.wav"], speech.File.FullName);
        Assert.Equal(("rain", "noise.wav"), (noise.NoiseType, noise.Speaker));
        Assert.Equal((-5, "babble", null, "b.wav"), (pair.SnrDb, pair.NoiseType, pair.Ratings, pair.File.Name)); // two ratings of three are none
    }

    [Theory]
    [InlineData("label\nangry", "none of the columns")]
    [InlineData("path\nmissing.wav", "no file")]
    [InlineData("path,label\n,angry", "all empty")]
    [InlineData("cleanPath,noisePath\na.wav,noise.wav", "snrDb")]
    [InlineData("path,arousal\na.wav,high", "'high'")]
    [InlineData("path,snrDb\na.wav,NaN", "'NaN'")]
    public void Load_WrongManifest_SaysWhereAndWhy(string content, string complaint)
    {
        UsageException error = Assert.Throws<UsageException>(() => Load(content));
        Assert.Contains("manifest.csv, line", error.Message, StringComparison.Ordinal);
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EmptyManifest_Complains() => Assert.Throws<UsageException>(() => Load(""));

    [Fact]
    public void Load_Folders_TakeLabelsAndTypesFromTheFirstLevel()
    {
        _scratch.Write("speech/angry/loud/x.wav", []);
        _scratch.Write("speech/y.flac", []);
        _scratch.Write("speech/notes.txt", []);
        _scratch.Write("sounds/rain/r.ogg", []);
        EvaluationSet set = EvaluationSet.Load([_scratch["speech"]], [_scratch["sounds"]]);
        Assert.Equal([("x.wav", "angry"), ("y.flac", null)], set.Speech.Select(clip => (clip.File.Name, clip.Label)));
        Assert.Equal("rain", Assert.Single(set.Noise).NoiseType);
    }

    [Fact]
    public void Load_NoSuchFolder_Complains() => Assert.Throws<UsageException>(() => EvaluationSet.Load([_scratch["nowhere"]], []));

    private EvaluationSet Load(string manifest) => EvaluationSet.Load([_scratch.Write("manifest.csv", System.Text.Encoding.UTF8.GetBytes(manifest))], []);
}
