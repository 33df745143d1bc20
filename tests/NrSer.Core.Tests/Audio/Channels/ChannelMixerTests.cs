using CsCheck;
using NrSer.Core.Audio.Channels;
using NrSer.Core.Signal;

namespace NrSer.Core.Tests.Audio.Channels;

public sealed class ChannelMixerTests
{
    private const int RateHz = 16_000;
    private const int Block = 4096;

    [Fact]
    public void Mix_ChannelsAlike_IsTheirMean()
    {
        float[] voice = Noise(1, 0.1f);
        ChannelMixer mixer = new(2, RateHz);
        float[] mixed = Mix(mixer, voice, Noise(2, 0.1f));
        Assert.Equal("mean", mixer.Heard);
        Assert.Empty(mixer.Warnings);
        Assert.Equal((voice[5] + Noise(2, 0.1f)[5]) / 2, mixed[5], 1e-6f);
    }

    [Theory]
    [InlineData(-1f, "difference of 0, 1", 1f)]
    [InlineData(-0.8f, "difference of 0, 1", 0.9f)]
    [InlineData(-0.4f, "channel 0", 1f)] // much of the voice is left, but 10 dB weaker than it was
    [InlineData(-2.5f, "channel 1", -2.5f)]
    [InlineData(-0.1f, "mean", 0.45f)]
    public void Mix_OneChannelInverted_KeepsTheVoice(float gain, string heard, float expected)
    {
        float[] voice = Noise(1, 0.1f);
        ChannelMixer mixer = new(2, RateHz);
        float[] mixed = Mix(mixer, voice, [.. voice.Select(sample => gain * sample)]);
        Assert.Equal(heard, mixer.Heard);
        Assert.Equal(heard == "mean" ? 0 : 1, mixer.Warnings.Count());
        for (int n = 0; n < mixed.Length; n++)
            Assert.Equal(expected * voice[n], mixed[n], 1e-5f);
    }

    // An offset or hum in both, noise of each channel's own: the mean has sound enough, but the voice is gone from it.
    [Theory]
    [InlineData(0.06f, 0f, 0f)]
    [InlineData(0f, 0.08f, 0f)]
    [InlineData(0f, 0f, 0.1f)]
    [InlineData(0.06f, 0.08f, 0.05f)]
    public void Mix_InvertedBesideWhatIsNoVoice_KeepsTheVoice(float offset, float hum, float noise)
    {
        float[] voice = Noise(1, 0.1f), one = Noise(2, noise), other = Noise(3, noise);
        float[] common = [.. Enumerable.Range(0, voice.Length).Select(n => offset + (hum * MathF.Sin(2 * MathF.PI * 50 * n / RateHz)))];
        ChannelMixer mixer = new(2, RateHz);
        float[] mixed = Mix(mixer, [.. voice.Select((x, n) => x + common[n] + one[n])], [.. voice.Select((x, n) => -x + common[n] + other[n])]);
        Assert.Equal("difference of 0, 1", mixer.Heard);
        for (int n = 0; n < mixed.Length; n++)
            Assert.Equal(voice[n] + ((one[n] - other[n]) / 2), mixed[n], 1e-5f);
    }

    // Two speakers, a microphone each: whatever chance has their voices in common, both are heard.
    [Fact]
    public void Mix_VoicesOfTheirOwn_AreBothHeard() =>
        Gen.Select(Gen.Int[0, 1000], Gen.Float[-0.2f, 0.2f], Gen.Float[0.3f, 1]).Sample((seed, crosstalk, level) =>
        {
            float[] one = Noise(seed, 0.2f), other = Noise(seed + 1, 0.2f * level);
            ChannelMixer mixer = new(2, RateHz);
            Mix(mixer, [.. one.Select((x, n) => x + (crosstalk * other[n]))], other);
            Assert.Equal("mean", mixer.Heard);
        });

    [Fact]
    public void Mix_OffsetAlone_IsSilence()
    {
        float[] voice = Noise(1, 0.1f), offset = [.. voice.Select(_ => 0.06f)];
        ChannelMixer mixer = new(2, RateHz);
        Assert.Equal(voice, Mix(mixer, voice, offset));
        Assert.Contains("1 is silent", Assert.Single(mixer.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Mix_SilentChannel_IsLeftOutUntilItSounds()
    {
        float[] voice = Noise(1, 0.1f), hiss = Noise(2, 1e-4f), late = [.. new float[voice.Length / 2], .. Noise(3, 0.1f)[..(voice.Length / 2)]];
        ChannelMixer dead = new(2, RateHz);
        Assert.Equal(voice, Mix(dead, voice, hiss));
        Assert.Equal("channel 0", dead.Heard);
        Assert.Contains("1 is silent", Assert.Single(dead.Warnings), StringComparison.Ordinal);

        ChannelMixer dialogue = new(2, RateHz);
        float[] mixed = Mix(dialogue, voice, late);
        Assert.Equal("mean", dialogue.Heard);
        Assert.Empty(dialogue.Warnings);
        Assert.Equal(voice[..(voice.Length / 4)], mixed[..(voice.Length / 4)]);
        Assert.Equal((voice[^1] + late[^1]) / 2, mixed[^1], 1e-6f);
    }

    [Fact]
    public void Mix_SilenceAndPauses_ChangeNothing()
    {
        float[] voice = [.. new float[3 * Block], .. Noise(1, 0.1f), .. new float[3 * Block], .. Noise(2, 0.1f)];
        ChannelMixer mixer = new(2, RateHz);
        float[] mixed = Mix(mixer, voice, [.. voice.Select(sample => -sample)]);
        Assert.Equal(voice[(4 * Block)..], mixed[(4 * Block)..]); // one block to slide there, from silence
        Assert.Equal("difference of 0, 1", mixer.Heard);
    }

    [Fact]
    public void Mix_ACableIsTurned_FollowsWithinSeconds()
    {
        float[] voice = [.. Enumerable.Range(0, 60).SelectMany(second => Noise(second, 0.1f))];
        float[] other = [.. voice.Select((sample, n) => n < voice.Length / 2 ? sample : -sample)];
        ChannelMixer mixer = new(2, RateHz);
        float[] mixed = Mix(mixer, voice, other);
        Assert.Equal(voice[..RateHz], mixed[..RateHz]);
        Assert.Equal(voice[^RateHz..], mixed[^RateHz..]);
        Assert.Single(mixer.Warnings);
    }

    // Whatever the channels do, what is heard is never far below the loudest of them.
    [Fact]
    public void Mix_AnyGains_NeverLosesTheVoice() =>
        Gen.Float[-1, 1].Array[2, 6].Where(gains => gains.Any(gain => Math.Abs(gain) > 0.1f)).Sample(gains =>
        {
            float[] voice = Noise(4, 0.2f);
            float[] mixed = Mix(new ChannelMixer(gains.Length, RateHz), [.. gains.Select(gain => (float[])[.. voice.Select(x => gain * x)])]);
            double loudest = gains.Max(Math.Abs), border = loudest * loudest / (2.0 * gains.Length * gains.Length);
            Assert.InRange(SignalLevel.Energy(mixed) / SignalLevel.Energy(voice), 0.99 * border, 1.01 * loudest * loudest);
        });

    private static float[] Mix(ChannelMixer mixer, params float[][] channels)
    {
        float[] mixed = new float[channels[0].Length];
        for (int at = 0; at < mixed.Length; at += Block)
        {
            int frames = Math.Min(Block, mixed.Length - at);
            float[] planar = [.. channels.SelectMany(channel => channel.AsSpan(at, frames).ToArray())];
            mixer.Mix(planar, frames, mixed.AsSpan(at, frames));
        }

        return mixed;
    }

    private static float[] Noise(int seed, float level)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, 4 * Block).Select(_ => level * ((2 * random.NextSingle()) - 1))];
    }
}
