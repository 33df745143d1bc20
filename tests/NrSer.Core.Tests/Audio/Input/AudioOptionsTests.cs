using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio.Input;

public sealed class AudioOptionsTests
{
    [Fact]
    public void Validate_Defaults_Succeeds() => Assert.True(new AudioOptionsValidator().Validate(name: null, new()).Succeeded);

    [Fact]
    public void Validate_OutOfRange_NamesTheOption()
    {
        AudioOptions options = new() { MaxChannels = 0, MaxDuration = TimeSpan.Zero };
        string failure = new AudioOptionsValidator().Validate(name: null, options).FailureMessage!;
        Assert.Contains(nameof(AudioOptions.MaxChannels), failure, StringComparison.Ordinal);
        Assert.Contains(nameof(AudioOptions.MaxDuration), failure, StringComparison.Ordinal);
    }
}
