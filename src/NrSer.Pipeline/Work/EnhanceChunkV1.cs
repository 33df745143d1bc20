namespace NrSer.Pipeline.Work;

/// <summary>Asks for the enhancement of a chunk. Names only: the audio is in the <c>chunks</c> container.</summary>
/// <param name="RecordingId">Its recording.</param>
/// <param name="Generation">0, and one more with every retry.</param>
/// <param name="Channel">Its channel.</param>
/// <param name="Index">Its place in the channel.</param>
public sealed record EnhanceChunkV1(string RecordingId, int Generation, int Channel, int Index);
