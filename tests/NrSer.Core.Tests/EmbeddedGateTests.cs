using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Core.Reconstitution;

namespace NrSer.Core.Tests;

/// <summary>What the embedded models take for speech.</summary>
public sealed class EmbeddedGateTests
{
    // On and off in seconds, by ITU-T E.180 and its supplement 2: United States, United Kingdom, Germany, France, Japan.
    [Theory]
    [InlineData(2, 4, 440, 480)]
    [InlineData(0.5, 0.5, 480, 620)]
    [InlineData(0.4, 0.2, 400, 450)]
    [InlineData(0.375, 0.375, 400)]
    [InlineData(1, 4, 425)]
    [InlineData(0.48, 0.48, 425)]
    [InlineData(1.5, 3.5, 440)]
    [InlineData(0.5, 0.5, 440)]
    [InlineData(1, 2, 384, 400, 416)]
    [InlineData(0.5, 0.5, 400)]
    public void Reconstitute_ToneOfATelephone_IsNoSpeech(double on, double off, params int[] pitchesHz)
    {
        using ServiceProvider services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddLogging().AddNrSerCore().BuildServiceProvider();
        float[] tone = [.. Enumerable.Range(0, 12 * 16_000).Select(n => n / 16_000.0).Select(
            t => t % (on + off) < on ? 0.1f * (float)pitchesHz.Sum(hertz => Math.Sin(2 * Math.PI * hertz * t)) : 0)];
        using ReconstitutedChunk chunk = services.GetRequiredService<SpeechReconstituter>()
            .Reconstitute(tone, wholeAsOne: false, TestContext.Current.CancellationToken);
        Assert.NotEmpty(chunk.Segments);
        Assert.DoesNotContain(chunk.Segments, segment => segment.IsSpeech);
    }
}
