namespace NrSer.Pipeline.Work;

/// <summary>A message that no stage can read; repeating it will not help.</summary>
/// <param name="message">What is wrong with it.</param>
/// <param name="innerException">What lies beneath, or null.</param>
public sealed class InvalidMessageException(string message, Exception? innerException = null) : Exception(message, innerException);
