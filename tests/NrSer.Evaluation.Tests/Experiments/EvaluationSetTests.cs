using NrSer.Evaluation.Experiments;

namespace NrSer.Evaluation.Tests.Experiments;

public sealed class EvaluationSetTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-evaluation-tests-");

    public EvaluationSetTests()
    {
        foreach (string file in new[] { "a.wav", "b.wav", "noise.wav" })
            Write(file, "");
    }

    public void Dispose() => _folder.Delete(recursive: true);

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
        Assert.Equal("acted/anna", speech.Source); // another corpus may have an anna of its own
        Assert.Equal(PathOf("a.wav"), speech.File.FullName);
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
    [InlineData("path,split\na.wav,dev", "'dev' in column split")]
    [InlineData("path,split\na.wav,7", "'7' in column split")]
    public void Load_WrongManifest_SaysWhereAndWhy(string content, string complaint)
    {
        EvaluationException error = Assert.Throws<EvaluationException>(() => Load(content));
        Assert.Contains("manifest.csv, line", error.Message, StringComparison.Ordinal);
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EmptyManifest_Complains() => Assert.Throws<EvaluationException>(() => Load(""));

    [Fact]
    public void Load_Folders_TakeLabelsAndTypesFromTheFirstLevel()
    {
        Write("speech/angry/loud/x.wav", "");
        Write("speech/y.flac", "");
        Write("speech/notes.txt", "");
        Write("sounds/rain/r.ogg", "");
        EvaluationSet set = EvaluationSet.Load([PathOf("speech")], [PathOf("sounds")]);
        Assert.Equal([("x.wav", "angry"), ("y.flac", null)], set.Speech.Select(clip => (clip.File.Name, clip.Label)));
        Assert.Equal("rain", Assert.Single(set.Noise).NoiseType);
    }

    [Fact]
    public void Load_ForFitting_TakesSpeakersFromFoldersAndSplitsFromManifests()
    {
        Write("speech/anna/x.wav", "");
        Write("speech/y.flac", "");
        EvaluationSet set = EvaluationSet.Load([PathOf("speech")], [], foldersAreSpeakers: true);
        Assert.Equal([("anna", null), ("y.flac", null)], set.Speech.Select(clip => (clip.Speaker, clip.Label)));
        Assert.Equal([Split.Validation, null], Load("path,split\na.wav,validation\nb.wav,").Speech.Select(clip => clip.Split));
    }

    [Fact]
    public void Load_NoSuchFolder_Complains() => Assert.Throws<EvaluationException>(() => EvaluationSet.Load([PathOf("nowhere")], []));

    private EvaluationSet Load(string manifest) => EvaluationSet.Load([Write("manifest.csv", manifest)], []);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private string Write(string name, string content)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }
}
