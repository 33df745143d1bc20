namespace NrSer.Cli;

/// <summary>The command line asks for something that cannot be.</summary>
/// <param name="message">What, and what would do.</param>
internal sealed class UsageException(string message) : Exception(message);
