using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Work;

/// <summary>How messages are received.</summary>
public sealed class QueueOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Queues";

    /// <summary>How long a received message stays hidden unless renewed: 1 s to 5 min. After a crash others wait this long.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")] public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A stage that works on one message for longer hangs: it is cancelled, and the message tried again. 1 min to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")] public TimeSpan LongestWork { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Attempts before a message is given up, those that met an unavailable service not counted: 1 to 100.</summary>
    [Range(1, 100)] public int MaxDeliveries { get; init; } = 5;

    /// <summary>Wait before a failed message is tried again, doubled with every attempt: 0 to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")] public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pause between looks into an empty queue, which grows to four times as long, 20 times in the bulk lane: 10 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);
}

[OptionsValidator]
internal sealed partial class QueueOptionsValidator : IValidateOptions<QueueOptions>;
