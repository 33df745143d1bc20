using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace NrSer.Benchmarks;

/// <summary>Median time per second of audio; every benchmark here works on <see cref="AudioSeconds"/> of it.</summary>
public sealed class RealTimeFactorColumn : IColumn
{
    /// <summary>Audio that one invocation works on.</summary>
    public const int AudioSeconds = 10;

    /// <inheritdoc/>
    public string Id => nameof(RealTimeFactorColumn);

    /// <inheritdoc/>
    public string ColumnName => "RTF";

    /// <inheritdoc/>
    public bool AlwaysShow => true;

    /// <inheritdoc/>
    public ColumnCategory Category => ColumnCategory.Custom;

    /// <inheritdoc/>
    public int PriorityInCategory => 0;

    /// <inheritdoc/>
    public bool IsNumeric => true;

    /// <inheritdoc/>
    public UnitType UnitType => UnitType.Dimensionless;

    /// <inheritdoc/>
    public string Legend => "Real-time factor: median seconds of work per second of audio";

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        summary[benchmarkCase]?.ResultStatistics is { } statistics
            ? (statistics.Median / 1e9 / AudioSeconds).ToString("F6", CultureInfo.InvariantCulture)
            : "?";

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    /// <inheritdoc/>
    public bool IsAvailable(Summary summary) => true;

    /// <inheritdoc/>
    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
}
