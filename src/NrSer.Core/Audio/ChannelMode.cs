namespace NrSer.Core.Audio;

/// <summary>What becomes of the channels of a recording.</summary>
public enum ChannelMode
{
    /// <summary>One channel: the mean of all.</summary>
    Mix,

    /// <summary>Every channel for itself, as when each speaker has a microphone.</summary>
    Separate,
}
