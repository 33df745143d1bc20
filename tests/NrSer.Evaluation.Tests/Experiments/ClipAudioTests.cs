using NrSer.Evaluation.Experiments;

namespace NrSer.Evaluation.Tests.Experiments;

public sealed class ClipAudioTests
{
    [Fact]
    public void Mix_ShortNoise_ComesAgainFromAPlaceTheNameDecides()
    {
        float[] speech = [.. Enumerable.Range(0, 2000).Select(n => n % 2 == 0 ? 0.5f : -0.5f)], noise = [1, 2, 3];
        float[] mixture = ClipAudio.Mix(speech, noise, 0, "a.wav");
        int start = ClipAudio.StableHash("a.wav") % 3;
        double gain = (mixture[0] - speech[0]) / noise[start];
        for (int n = 0; n < speech.Length; n++)
            Assert.Equal(speech[n] + (gain * noise[(start + n) % 3]), mixture[n], 1e-5);
        Assert.Equal(mixture, ClipAudio.Mix(speech, noise, 0, "a.wav"));
    }

    // FNV-1a of "a" is 0xE40C292C; the sign bit is taken off.
    [Fact]
    public void StableHash_ByHand_IsThatOfEveryMachine() => Assert.Equal(0x640C292C, ClipAudio.StableHash("a"));
}
