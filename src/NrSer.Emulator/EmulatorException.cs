namespace NrSer.Emulator;

/// <summary>The emulator cannot be installed or does not start.</summary>
/// <param name="message">Why, and what would help.</param>
/// <param name="innerException">What lies beneath, or null.</param>
public sealed class EmulatorException(string message, Exception? innerException = null) : Exception(message, innerException);
