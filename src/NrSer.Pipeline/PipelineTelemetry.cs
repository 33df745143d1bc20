using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace NrSer.Pipeline;

/// <summary>Names that OpenTelemetry listens to; their units are in the instruments.</summary>
public static class PipelineTelemetry
{
    /// <summary>Name of source and meter.</summary>
    public const string Name = "NrSer.Pipeline";

    private static readonly Meter s_meter = new(Name);

    /// <summary>One span per message handled.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>Audio that went through a stage, in seconds, by <c>stage</c>.</summary>
    public static Counter<double> Audio { get; } = s_meter.CreateCounter<double>("nrser.audio", "s", "Audio processed");

    /// <summary>Recordings that ended badly, by <c>status</c>.</summary>
    public static Counter<long> Failures { get; } = s_meter.CreateCounter<long>("nrser.failures", "{recording}", "Recordings rejected or failed");
}
