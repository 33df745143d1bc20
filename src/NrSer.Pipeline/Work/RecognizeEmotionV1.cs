namespace NrSer.Pipeline.Work;

/// <summary>Asks for the emotions of an enhanced chunk. Names only: audio and segments are in the <c>enhanced</c> container.</summary>
/// <param name="RecordingId">Its recording.</param>
/// <param name="Generation">0, and one more with every retry.</param>
/// <param name="Channel">Its channel.</param>
/// <param name="Index">Its place in the channel.</param>
public sealed record RecognizeEmotionV1(string RecordingId, int Generation, int Channel, int Index);
