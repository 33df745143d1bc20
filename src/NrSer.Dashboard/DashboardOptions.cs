using NrSer.Pipeline.Lake;

namespace NrSer.Dashboard;

/// <summary>What the page needs of this machine.</summary>
public sealed class DashboardOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Dashboard";

    /// <summary>Where the lake's files are kept once they were fetched.</summary>
    public string LakeFolder { get; init; } = LakeCache.DefaultFolder;
}
