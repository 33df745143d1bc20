namespace NrSer.Core.Models;

/// <summary>A model that cannot be trusted or loaded: missing, changed, of another shape, or asking for a device that is not there.</summary>
/// <param name="message">What does not fit, and what would.</param>
/// <param name="innerException">What lies beneath, or null.</param>
public sealed class ModelException(string message, Exception? innerException = null) : Exception(message, innerException);
