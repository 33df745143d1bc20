namespace NrSer.Core.Audio.Input;

/// <summary>What the owner of a recording that cannot be read may type.</summary>
internal static class Conversion
{
    /// <summary>For what another program may know.</summary>
    public const string Convert = "If a player plays it, convert it: ffmpeg -i FILE -ar 16000 -ac 1 out.wav";

    /// <summary>For what is damaged.</summary>
    public const string Salvage = "To use what can be heard: ffmpeg -i FILE -ar 16000 -ac 1 out.wav";
}
