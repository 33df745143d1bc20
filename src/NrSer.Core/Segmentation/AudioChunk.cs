namespace NrSer.Core.Segmentation;

/// <summary>A stretch of one channel, the unit of work.</summary>
/// <param name="Channel">From 0.</param>
/// <param name="Index">From 0 within the channel.</param>
/// <param name="StartSample">First sample, counted from the recording's start at 16 kHz.</param>
/// <param name="Samples">x; valid until the next chunk is asked for.</param>
public readonly record struct AudioChunk(int Channel, int Index, long StartSample, ReadOnlyMemory<float> Samples);
