namespace NrSer.Cli.Local;

/// <summary>The local stack cannot be started or found; the message says what to do.</summary>
/// <param name="message">What is missing, and how to get it.</param>
/// <param name="innerException">What lies beneath, or null.</param>
internal sealed class LocalStackException(string message, Exception? innerException = null) : Exception(message, innerException);
