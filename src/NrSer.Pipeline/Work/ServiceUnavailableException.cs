using Azure;

namespace NrSer.Pipeline.Work;

/// <summary>A service that a stage needs is down, missing or full: no fault of the message, which waits for as long as it takes.</summary>
/// <param name="message">Which, and how that shows.</param>
/// <param name="innerException">What its client said, or null.</param>
public sealed class ServiceUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    // "No space left on device" and "disk quota exceeded": errno on Unix (the numbers of Linux), ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on
    // Windows
    private static readonly int[] s_diskFull = [28, 122, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    private static readonly string[] s_missing =
    [
        "ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled", "QueueNotFound", "QueueBeingDeleted", "TableNotFound", "TableBeingDeleted",
        "AccountBeingCreated", "AccountIsDisabled",
    ];

    /// <summary>Whether an error, or what lies beneath it, says that a service is unavailable.</summary>
    /// <param name="error">What a stage threw.</param>
    public static bool IsBehind(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error switch
        {
            ServiceUnavailableException => true,
            InvalidMessageException => false, // named, whatever lies beneath
            RequestFailedException failed => IsUnavailable(failed),
            System.Net.Sockets.SocketException or HttpRequestException => true,
            IOException full when s_diskFull.Contains(full.HResult) => true,
            TaskCanceledException { InnerException: TimeoutException } => true, // a request's own limit
            AggregateException tries => tries.InnerExceptions.Any(each => each is TaskCanceledException || IsBehind(each)), // of Azure's clients
            _ => error.InnerException is { } inner && IsBehind(inner),
        };
    }

    private static bool IsUnavailable(RequestFailedException error) => error.Status switch
    {
        0 or 408 or 429 or >= 500 => true, // no answer, or one that asks for patience
        401 or 403 => true, // a role that was not assigned yet
        404 or 409 => s_missing.Contains(error.ErrorCode, StringComparer.Ordinal),
        _ => false,
    };
}
