namespace NrSer.Pipeline.Work;

/// <summary>A message that could not be handled, as it lies in a poison queue.</summary>
/// <param name="MessageId">Its id, for the log.</param>
/// <param name="Body">The message itself.</param>
/// <param name="Reason">Why it was given up.</param>
public sealed record DeadLetterV1(string MessageId, string Body, string Reason);
