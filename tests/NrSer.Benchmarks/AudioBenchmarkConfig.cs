using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;

namespace NrSer.Benchmarks;

/// <summary>Short enough for a laptop, long enough for a stable median.</summary>
public sealed class AudioBenchmarkConfig : ManualConfig
{
    /// <summary>Creates it.</summary>
    public AudioBenchmarkConfig()
    {
        AddJob(Job.Default.WithWarmupCount(3).WithIterationCount(12));
        AddDiagnoser(MemoryDiagnoser.Default);
        AddColumn(StatisticColumn.Median, new RealTimeFactorColumn());
        AddExporter(MarkdownExporter.GitHub);
    }
}
