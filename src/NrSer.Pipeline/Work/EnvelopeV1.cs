namespace NrSer.Pipeline.Work;

/// <summary>What a storage queue needs around a message, since it has no headers.</summary>
/// <param name="MessageId">Unique per recording, generation, chunk and stage.</param>
/// <param name="TraceParent">W3C trace context of the sender, or null.</param>
/// <param name="Body">The message.</param>
/// <param name="Failed">Times that its work failed.</param>
/// <param name="GivenBack">Times that it was given back without having failed.</param>
public sealed record EnvelopeV1(string MessageId, string? TraceParent, string Body, int Failed = 0, int GivenBack = 0);
