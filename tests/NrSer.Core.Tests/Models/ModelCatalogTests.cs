using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Core.Signal;
using NrSer.Testing;

namespace NrSer.Core.Tests.Models;

public sealed class ModelCatalogTests : IDisposable
{
    private readonly TestCatalog _catalog = new();

    /// <summary>What is spoilt, how, and a word of the complaint.</summary>
    public static TheoryData<string, string, string> Contradictions => new()
    {
        { "emotion/emotion/trust", "\"calibrated\"", "trustLine" },
        { "emotion/emotion/trustLine", "[1, 0]", "trustLine" },
        { "identity-512/sampleRateHz", "8000", "16000" },
        { "identity-512/stft", "null", "'stft'" },
        { "identity-512/enhancer", "null", "'enhancer'" },
        { "identity-512/kind", "\"snrLevel\"", "'snrLevel'" },
        { "identity-512/kind", "\"emotion\"", "'emotion'" },
        { "identity-512/kind", "7", "kind" },
        { "identity-512/inputs", "[]", "0 inputs" },
        { "identity-512/outputs", "[]", "0 outputs" },
        { "identity-512/inputs/0/type", "\"float16\"", "float32" },
        { "identity-512/inputs/0/shape", "[1, 2.5, 3, 4]", "shape" },
        { "identity-512/inputs/0/shape", "[1, null, 3, 4]", "shape" },
        { "identity-512/inputs/0/shape", "[1, 99999999999, 3, 4]", "shape" },
        { "identity-512/inputs/0/shape", "[1, -1, 3, 4]", "shape" },
        { "identity-512/inputs/0/shape", "[1, 2, \"frames\", 201]", "[1, 2, 17, 257]" },
        { "identity-512/outputs/0/shape", "[1, 2, \"frames\"]", "[1, 2, 17, 257]" },
        { "identity-400/outputs/0/shape", "[1, 2, 80, 201]", "[1, 2, 81, 201]" },
        { "mean-402/inputs/0/shape", "[1, 514]", "[1, 402]" },
        { "mean-402/outputs/0/shape", "[1, 1]", "[1]" },
        { "emotion/inputs/0/shape", "[1, \"samples\"]", "'input_values'" },
        { "emotion/outputs/0/shape", "[\"batch\", 10]", "[-1, 4]" },
        { "emotion-rated/outputs/1/shape", "[\"batch\", 1]", "[-1, 3]" },
        { "identity-512/enhancer/compression", "0", "compression" },
        { "identity-512/enhancer/compression", "1.5", "compression" },
        { "identity-512/enhancer/blockSamples", "512", "frame" },
        { "identity-512/enhancer/blockSamples", "4097", "hop" },
        { "identity-512/enhancer/overlapSamples", "-1", "overlap" },
        { "identity-512/enhancer/overlapSamples", "2049", "overlap" },
        { "identity-512/stft/fftSamples", "511", "511" },
        { "identity-512/stft/fftSamples", "518", "259 points" },
        { "identity-512/stft/fftSamples", "-8", "-8" },
        { "identity-512/stft/hopSamples", "0", "0" },
        { "identity-512/stft/hopSamples", "513", "513" },
        { "identity-512/stft/window", "9", "window" },
        { "mean-402/stft", "null", "'stft'" },
        { "mean-402/snrLevel", "null", "'snrLevel'" },
        { "mean-402/stft/fftSamples", "16000", "frame" },
        { "emotion/emotion", "null", "'emotion'" },
        { "emotion/emotion/labels", "[\"sad\"]", "two labels" },
        { "emotion/emotion/labels", "[\"sad\", \"fear/anxious\", \"happy\", \"angry\"]", "'fear/anxious' is none of neutral, happy" },
        { "emotion/emotion/labels", "[\"sad\", \"happy\", \"Sad\", \"angry\"]", "'Sad' is none of" },
        { "emotion/emotion/labels", "[\"sad\", \"happy\", \"sad\", \"angry\"]", "are called 'sad'" },
        { "emotion/emotion/vocabulary", "{\"angry\": \"rage\"}", "'angry' is none of" },
        { "emotion/emotion/vocabulary", "{\"neutral\": \"sad\", \"happy\": \"sad\", \"angry\": \"sad\"}", "two labels of different emotions" },
        { "emotion/emotion/vocabulary", "{\"rage\": \"angry\"}", "'rage', which is none of its labels" },
        { "emotion/emotion/vocabulary", "{\"sad\": null, \"happy\": null, \"neutral\": null}", "two labels" },
        { "emotion/emotion/trust", "\"learned\"", "trust" },
        { "emotion/emotion/trust", "7", "trust" },
        { "emotion/emotion/reportableAbove", "1.01", "reportable" },
        { "emotion/emotion/reportableAbove", "-0.01", "reportable" },
        { "emotion/quality", "\"excellent\"", "quality" },
        { "emotion/emotion/attributes", "[\"valence\"]", "outputs" },
        { "mean-402/snrLevel/enhancer", "\"\"", "the enhancer it was trained with" },
        { "mean-402/snrLevel/enhancer", "\"identity-512\"", "name@version" },
        { "mean-402/snrLevel/enhancer", "\"@1.0.0\"", "name@version" },
        { "mean-402/snrLevel/highPassHz", "0", "frequency" },
        { "mean-402/snrLevel/highPassHz", "-70", "frequency" },
        { "mean-402/snrLevel/highPassHz", "8000", "frequency" },
        { "mean-402/snrLevel/mixRange", "[1]", "mix range" },
        { "mean-402/snrLevel/mixRange", "[]", "mix range" },
        { "mean-402/snrLevel/mixRange", "[0.9, 0.9]", "mix range" },
        { "mean-402/snrLevel/mixRange", "[0.9, 0.5]", "mix range" },
        { "mean-402/snrLevel/mixRange", "[0, 1e39]", "mix range" },
        { "mean-402/snrLevel/mixRange", "[-3e38, 3e38]", "mix range" },
        { "mean-402/snrLevel/speechThreshold", "0.5", "with \"speechThreshold\" has two inputs" },
        { "speech-402/snrLevel/speechThreshold", "null", "without \"speechThreshold\" has one input" },
        { "speech-402/snrLevel/speechThreshold", "1e39", "finite" },
        { "speech-402/snrLevel/similarity", "\"frames\"", "by bin" },
        { "speech-402/stft", "{\"fftSamples\": 4000, \"hopSamples\": 4000, \"window\": \"hann\"}", "four frames" },
        { "speech-402/inputs", "[]", "0 inputs" },
        { "speech-402/outputs", "[]", "0 outputs" },
        { "speech-402/inputs/1/shape", "[\"batch\", 2, \"frames\", 257]", "[1, 2, -1, 201]" },
        { "speech-402/inputs/1/shape", "[\"batch\", 2, 20, 201]", "[1, 2, -1, 201]" },
        { "speech-402/outputs/1/shape", "[\"batch\", 1]", "'speech'" },
        { "emotion-rated/emotion/attributeRange", "[1]", "range" },
        { "emotion-rated/emotion/attributeRange", "[]", "range" },
        { "emotion-rated/emotion/attributeRange", "[5, 1]", "range" },
        { "emotion-rated/emotion/minimumSamples", "0", "samples" },
        { "emotion-rated/emotion/minimumSamples", "8001", "samples" },
    };

    /// <summary>Things that must not be null or missing.</summary>
    public static TheoryData<string> Required =>
    [
        "models", "defaults", "defaults/snrLevel", "identity-512/name", "identity-512/version", "identity-512/file", "identity-512/sha256",
        "identity-512/inputs", "identity-512/outputs", "identity-512/inputs/0", "identity-512/outputs/0", "identity-512/inputs/0/name",
        "identity-512/inputs/0/shape", "identity-512/trainingData", "identity-512/quality", "emotion/emotion/labels", "emotion/emotion/labels/1",
        "mean-402/snrLevel/enhancer", "emotion/emotion/attributes", "emotion-rated/emotion/attributes/0", "emotion/emotion/attributeRange",
    ];

    [Fact]
    public void Load_GoodFile_HasEveryEntryAndItsDefaults()
    {
        ModelCatalog catalog = _catalog.Save();
        Assert.Equal(8, catalog.Models.Count);
        ModelEntry enhancer = catalog.Choose(ModelKind.Enhancer, name: null);
        Assert.Equal("identity-512@1.0.0", enhancer.Id);
        Assert.Equal(new StftParameters(512, 256, WindowKind.SqrtHann), enhancer.Stft);
        Assert.Equal(new EnhancerEntry(0.3f, 4096, 1024), enhancer.Enhancer);
        Assert.Equal([1, 2, -1, 257], enhancer.Inputs[0].Axes());
        Assert.Equal(0.4f, catalog.Choose(ModelKind.SnrLevel, name: null).SnrLevel!.NoiseThreshold);
        Assert.Equal(["valence", "arousal", "dominance"], catalog.Choose(ModelKind.Emotion, name: null).Emotion!.Attributes);
        Assert.Equal("emotion", catalog.Choose(ModelKind.Emotion, "emotion").Name);
        Assert.Equal(Path.Combine(Path.GetDirectoryName(_catalog.Path)!, "identity-512.onnx"), catalog.FileOf(enhancer));
    }

    [Fact]
    public void Load_LabelsOfAnotherName_AreMappedToTheVocabulary()
    {
        _catalog["emotion"]["emotion"]!["labels"] = new JsonArray("neu", "hap", "noAgreement", "angry");
        _catalog["emotion"]["emotion"]!["vocabulary"] = new JsonObject { ["neu"] = "neutral", ["hap"] = "happy", ["noAgreement"] = null };
        EmotionEntry emotion = _catalog.Save().Choose(ModelKind.Emotion, "emotion").Emotion!;
        Assert.Equal(["neutral", "happy", null, "angry"], emotion.Emotions);
    }

    [Fact]
    public void Load_EntryThatSaysNothingOfTrust_TrustsItsConfidenceFromOneHalf()
    {
        EmotionEntry emotion = _catalog.Save().Choose(ModelKind.Emotion, "emotion").Emotion!;
        Assert.Equal((TrustRule.Confidence, 0.5f), (emotion.Trust, emotion.ReportableAbove));
    }

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Load_EntryThatContradictsItself_SaysWhichAndWhy(string where, string json, string complaint)
    {
        Replace(where, JsonNode.Parse(json));
        ModelException error = Assert.Throws<ModelException>(() => _catalog.Save());
        Assert.Contains(where[..where.IndexOf('/', StringComparison.Ordinal)], error.Message, StringComparison.Ordinal);
        Assert.Contains(complaint, error.Message[error.Message.IndexOf(':', StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Required))]
    public void Load_NullMember_ThrowsModelException(string where)
    {
        Replace(where, value: null);
        Assert.Throws<ModelException>(() => _catalog.Save());
    }

    [Fact]
    public void Load_NullEntry_ThrowsModelException()
    {
        _catalog.Document["models"]!.AsArray().Add(item: null);
        Assert.Throws<ModelException>(() => _catalog.Save());
    }

    [Fact]
    public void Load_MissingMember_NamesIt()
    {
        _catalog["identity-512"].Remove("sha256");
        Assert.Contains("sha256", Assert.Throws<ModelException>(() => _catalog.Save()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SameNameTwice_ThrowsModelException()
    {
        _catalog["zero-512"]["name"] = "identity-512";
        Assert.Contains("identity-512 more than once", Assert.Throws<ModelException>(() => _catalog.Save()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"schema\": 1, \"defaults\":")]
    [InlineData("{\"schema\": \"1\", \"defaults\": {}, \"models\": []}")]
    public void Load_OtherFile_NamesTheFile(string content)
    {
        File.WriteAllText(_catalog.Path, content);
        Assert.Contains(_catalog.Path, Assert.Throws<ModelException>(() => ModelCatalog.Load(_catalog.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OtherSchema_SaysWhichIsRead()
    {
        _catalog.Document["schema"] = 2;
        string message = Assert.Throws<ModelException>(() => _catalog.Save()).Message;
        Assert.Contains("schema 2", message, StringComparison.Ordinal);
        Assert.Contains("schema 1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoSuchFileOrAFolder_NamesThePath()
    {
        string folder = Path.GetDirectoryName(_catalog.Path)!;
        Assert.Contains(_catalog.Path, Assert.Throws<ModelException>(() => ModelCatalog.Load(_catalog.Path)).Message, StringComparison.Ordinal);
        Assert.Contains(folder, Assert.Throws<ModelException>(() => ModelCatalog.Load(folder)).Message, StringComparison.Ordinal);
        Assert.Throws<ModelException>(() => ModelCatalog.Load(Path.Combine(folder, "none", "catalog.json")));
    }

    [Fact]
    public void Choose_UnknownName_ListsWhatThereIs()
    {
        ModelException error = Assert.Throws<ModelException>(() => _catalog.Save().Choose(ModelKind.Enhancer, "cmgan"));
        Assert.Contains("'cmgan'", error.Message, StringComparison.Ordinal);
        Assert.Contains("zero-512", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_ModelOfAnotherKind_SaysBothKinds()
    {
        ModelException error = Assert.Throws<ModelException>(() => _catalog.Save().Choose(ModelKind.Emotion, "zero-512"));
        Assert.Contains("Enhancer", error.Message, StringComparison.Ordinal);
        Assert.Contains("Emotion", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_DefaultThatIsNotThere_ThrowsModelException()
    {
        _catalog.Document["defaults"]!["enhancer"] = "gone";
        Assert.Contains("'gone'", Assert.Throws<ModelException>(() => _catalog.Save().Choose(ModelKind.Enhancer, name: null)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void RequirePair_TheEnhancerItWasTrainedWith_Holds()
    {
        ModelCatalog catalog = _catalog.Save();
        ModelEntry enhancer = catalog.Choose(ModelKind.Enhancer, "identity-512"), block = catalog.Choose(ModelKind.SnrLevel, "mean-402");
        catalog.RequirePair(enhancer, block);
        Assert.Equal([block], catalog.BlocksOf(enhancer));
    }

    [Fact]
    public void RequirePair_AnotherEnhancer_SaysToWhichItBelongsAndWhatToType()
    {
        string message = PairWith("zero-512");
        Assert.Contains("mean-402@1.0.0 was trained with the enhancer identity-512@1.0.0", message, StringComparison.Ordinal);
        Assert.EndsWith("nrser models use identity-512 mean-402", message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequirePair_AnotherEnhancerThatHasABlock_NamesThatPairFirst()
    {
        JsonObject other = _catalog["mean-402"].DeepClone().AsObject();
        other["name"] = "of-zero";
        other["snrLevel"]!["enhancer"] = "zero-512@1.0.0";
        _catalog.Document["models"]!.AsArray().Add(other);
        Assert.Contains("nrser models use zero-512 of-zero, or: nrser models use identity-512 mean-402", PairWith("zero-512"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void RequirePair_OtherVersionOfTheEnhancer_IsAnotherEnhancer()
    {
        _catalog["mean-402"]["snrLevel"]!["enhancer"] = "identity-512@0.9.0";
        Assert.Contains("nrser models add", PairWith("identity-512"), StringComparison.Ordinal);
    }

    public void Dispose() => _catalog.Dispose();

    private string PairWith(string enhancer)
    {
        ModelCatalog catalog = _catalog.Save();
        return Assert.Throws<ModelException>(
            () => catalog.RequirePair(catalog.Choose(ModelKind.Enhancer, enhancer), catalog.Choose(ModelKind.SnrLevel, "mean-402"))).Message;
    }

    /// <summary>Puts a value at <c>model/member/…</c> or, for the document's own members, <c>member/…</c>.</summary>
    private void Replace(string where, JsonNode? value)
    {
        string[] steps = where.Split('/');
        JsonNode node = _catalog.Document;
        int first = _catalog.Document.ContainsKey(steps[0]) ? 0 : 1;
        if (first == 1)
            node = _catalog[steps[0]];
        foreach (string step in steps[first..^1])
            node = Member(node, step)!;
        if (node is JsonArray array)
            array[int.Parse(steps[^1])] = value;
        else
            node[steps[^1]] = value;
    }

    private static JsonNode? Member(JsonNode node, string step) => node is JsonArray array ? array[int.Parse(step)] : node[step];
}
