using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;

namespace NrSer.Pipeline;

/// <summary>Names that OpenTelemetry listens to; their units are in the instruments.</summary>
public static class PipelineTelemetry
{
    /// <summary>Name of source and meter.</summary>
    public const string Name = "NrSer.Pipeline";

    private static readonly Meter s_meter = new(Name);

    /// <summary>One span per message handled.</summary>
    public static ActivitySource Source { get; } = new(Name);

    private static readonly Counter<double> s_audio = s_meter.CreateCounter<double>("nrser.audio", "s", "Audio processed");

    /// <summary>Seconds of work per second of audio, by <c>stage</c>.</summary>
    public static Histogram<double> RealTimeFactor { get; } =
        s_meter.CreateHistogram<double>("nrser.real_time_factor", "1", "Seconds of work per second of audio");

    /// <summary>How long a message had waited when it was received, or the oldest has waited when Sweep looks, by <c>queue</c>.</summary>
    public static Histogram<double> QueueAge { get; } = s_meter.CreateHistogram<double>("nrser.queue.age", "s", "Time that messages wait");

    private static readonly Counter<long> s_failures =
        s_meter.CreateCounter<long>("nrser.failures", "{recording}", "Recordings rejected or failed, and dead letters without a row");

    private static readonly Counter<long> s_unavailable =
        s_meter.CreateCounter<long>("nrser.unavailable", "{attempt}", "Attempts that met a service that is down");

    /// <summary>Counts an attempt that met a service that is down.</summary>
    /// <param name="queue">Whose message waits for it.</param>
    public static void CountUnavailable(string queue) => s_unavailable.Add(1, new KeyValuePair<string, object?>("queue", queue));

    private static readonly Counter<long> s_steppedOver =
        s_meter.CreateCounter<long>("nrser.uploads.stepped_over", "{upload}", "Uploads that cannot be listed by their names");

    /// <summary>Counts an upload that is not taken in, since its name stops lists.</summary>
    public static void CountSteppedOver() => s_steppedOver.Add(1);

    private static readonly Counter<long> s_sweeps = s_meter.CreateCounter<long>("nrser.sweeps", "{sweep}", "Sweeps that ended well");

    /// <summary>Counts a sweep: what shows from outside that a host lives and reaches storage and queues.</summary>
    public static void CountSweep() => s_sweeps.Add(1);

    /// <summary>Counts a recording that ended badly, or a message that led to none.</summary>
    /// <param name="status">What its row says; null when there is no row.</param>
    /// <param name="kind">Which kind of failure.</param>
    public static void CountFailure(RecordingStatus? status, FailureKind kind) => s_failures.Add(
        1, new KeyValuePair<string, object?>("status", status?.ToString() ?? "none"),
        new KeyValuePair<string, object?>("reason", JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString())));

    /// <summary>Counts audio that went through a stage, and how long that took.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="audioSeconds">Length of the audio.</param>
    /// <param name="elapsed">Time the stage took.</param>
    public static void CountAudio(Stage stage, double audioSeconds, TimeSpan elapsed)
    {
        var tag = new KeyValuePair<string, object?>("stage", stage.ToString().ToLowerInvariant());
        s_audio.Add(audioSeconds, tag);
        RealTimeFactor.Record(elapsed.TotalSeconds / audioSeconds, tag);
    }
}
