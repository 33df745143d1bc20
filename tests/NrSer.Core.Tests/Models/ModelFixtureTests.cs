using System.Runtime.InteropServices;
using System.Text.Json;
using NrSer.Core.Models;
using NrSer.Testing;

namespace NrSer.Core.Tests.Models;

public sealed class ModelFixtureTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    // The test network averages its 402 inputs.
    [Theory]
    [InlineData(0.5f, 1e-4, 0)]
    [InlineData(0.50005f, 1e-4, 0.5)]
    public void Check_WithinTheTolerance_IsTheShareOfIt(float expected, double tolerance, double share) =>
        Assert.Equal(share, Check([1, 402], Values(402, 0.5f), [1], [expected], tolerance), 0.02);

    [Theory]
    [InlineData(0.501f)]
    [InlineData(float.NaN)]
    public void Check_BeyondTheTolerance_SaysByHowMuch(float expected)
    {
        ModelException error = Assert.Throws<ModelException>(() => Check([1, 402], Values(402, 0.5f), [1], [expected], 1e-4));
        Assert.Contains("mean-402", error.Message, StringComparison.Ordinal);
        Assert.Contains("hand", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[] { 1, 401 }, 401, new long[] { 1 }, 1)] // another input than the network takes
    [InlineData(new long[] { 1, 402 }, 400, new long[] { 1 }, 1)] // too few values
    [InlineData(new long[] { 1, 402 }, 402, new long[] { 2 }, 2)] // another output than it gives
    [InlineData(new long[] { 1, -402 }, 402, new long[] { 1 }, 1)]
    [InlineData(new long[] { 1L << 40, 1L << 40 }, 402, new long[] { 1 }, 1)]
    public void Check_WhatDoesNotFit_IsRefused(long[] inputShape, int inputs, long[] outputShape, int outputs) =>
        Assert.Throws<ModelException>(() => Check(inputShape, Values(inputs, 0.5f), outputShape, Values(outputs, 0.5f), 1e-4));

    // The network's second output is ln of the sum of the latter half of its second input over that of the first half.
    [Theory]
    [InlineData(0, true)]
    [InlineData(0.01f, false)]
    public void Check_NetworkOfTwoInputs_FeedsBoth(float apart, bool holds)
    {
        ModelFixture fixture = OfTwoInputs(MathF.Log(3) + apart, Tensor([1, 2, 10, 201], [.. Values(2010, 1), .. Values(2010, 3)]));
        using OnnxModel model = TestCatalog.Load("speech-402");
        if (holds)
            fixture.Check(model);
        else
            Assert.Contains("'speech'", Assert.Throws<ModelException>(() => fixture.Check(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OtherNumberOfInputs_SaysBoth()
    {
        using OnnxModel two = TestCatalog.Load("speech-402"), one = TestCatalog.Load("mean-402");
        string missing = Assert.Throws<ModelException>(() => OfTwoInputs(0).Check(two)).Message;
        Assert.Contains("1 inputs, the network 2", missing, StringComparison.Ordinal);
        string superfluous = Assert.Throws<ModelException>(() => OfTwoInputs(0, Tensor([1], [0])).Check(one)).Message;
        Assert.Contains("2 inputs, the network 1", superfluous, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"source":"x","input":{"shape":[1],"data":"AAAAAA=="},"outputs":[]}""")]
    [InlineData("""{"source":"x","input":{"shape":[1],"data":"AAAAAA=="},"outputs":[null]}""")]
    [InlineData("""{"source":"x","input":{"shape":[1],"data":"AAAAAA=="},"outputs":[{"shape":[1],"data":"AAAAAA=="}],"furtherInputs":[null]}""")]
    public void Load_NoFixture_IsRefused(string text)
    {
        string path = Path.Combine(_folder.FullName, "f.json");
        File.WriteAllText(path, text);
        Assert.Contains(path, Assert.Throws<ModelException>(() => ModelFixture.Load(path)).Message, StringComparison.Ordinal);
        Assert.Throws<ModelException>(() => ModelFixture.Load(Path.Combine(_folder.FullName, "none")));
    }

    /// <summary>As it is read of a file: 402 halves and what follows, of which the mean and the log-odds are expected.</summary>
    private ModelFixture OfTwoInputs(float logOdds, params FixtureTensor[] further)
    {
        string path = Path.Combine(_folder.FullName, "two.json");
        new ModelFixture(
            "by hand", Tensor([1, 402], Values(402, 0.5f)), [Tensor([1], [0.5f], 1e-4), Tensor([1], [logOdds], 1e-4)],
            further is [] ? null : further).Save(path);
        return ModelFixture.Load(path);
    }

    private static FixtureTensor Tensor(long[] shape, float[] values, double tolerance = 0) =>
        new(shape, Convert.ToBase64String(MemoryMarshal.AsBytes(values.AsSpan())), tolerance);

    private static float[] Values(int count, float value) => [.. Enumerable.Repeat(value, count)];

    private double Check(long[] inputShape, float[] input, long[] outputShape, float[] output, double tolerance)
    {
        string path = Path.Combine(_folder.FullName, "f.json");
        File.WriteAllText(path, JsonSerializer.Serialize(new
        {
            source = "by hand",
            input = new { shape = inputShape, data = Convert.ToBase64String(MemoryMarshal.AsBytes(input.AsSpan())) },
            outputs = new[] { new { shape = outputShape, data = Convert.ToBase64String(MemoryMarshal.AsBytes(output.AsSpan())), tolerance } },
        }));
        using OnnxModel model = TestCatalog.Load("mean-402");
        return ModelFixture.Load(path).Check(model);
    }
}
