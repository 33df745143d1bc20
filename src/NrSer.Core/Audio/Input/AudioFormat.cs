namespace NrSer.Core.Audio.Input;

/// <summary>What a recording is made of, as found in its own header.</summary>
/// <param name="SampleRateHz">Frames per second.</param>
/// <param name="Channels">Samples per frame.</param>
/// <param name="Encoding">Container and sample encoding for people, e.g. <c>wav pcm16</c> or <c>mp3</c>.</param>
public sealed record AudioFormat(int SampleRateHz, int Channels, string Encoding);
