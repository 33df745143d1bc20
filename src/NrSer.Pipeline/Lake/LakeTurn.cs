using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Lake;

/// <summary>One host at a time rewrites parts; what stands beside them is written anew when it has changed any.</summary>
/// <param name="parts">What is rewritten.</param>
/// <param name="documents">What stands beside the parts.</param>
/// <param name="lease">Keeps a second host from it.</param>
public sealed class LakeTurn(LakeParts parts, LakeDocuments documents, BlobLease lease)
{
    private const string Lease = "Lake";

    /// <summary>Does something to the lake, alone.</summary>
    /// <param name="work">Gets what opens a month, one at a time; says how many recordings it changed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How many recordings; null when another host is at it.</returns>
    internal async Task<int?> RunAsync(
        Func<Func<string, Task<LakeWriter>>, CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        int changed = 0;
        bool done = await lease.RunAloneAsync(Lease, async token =>
        {
            LakeWorkspace? workspace = null;
            try
            {
                changed = await work(month => parts.OpenAsync(workspace ??= parts.OpenWorkspace(), month, token), token).ConfigureAwait(false);
                if (changed > 0)
                    await documents.WriteAsync(workspace!, token).ConfigureAwait(false);
            }
            finally
            {
                workspace?.Dispose();
            }
        }, cancellationToken).ConfigureAwait(false);
        return done ? changed : null;
    }
}
