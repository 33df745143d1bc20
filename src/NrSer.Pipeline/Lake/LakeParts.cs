using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Lake;

/// <summary>Opens the parts of a month, to compare or to rewrite them.</summary>
/// <param name="blobs">The lake.</param>
/// <param name="podcasts">Episodes that recordings are.</param>
/// <param name="options">Sizes.</param>
public sealed class LakeParts(LakeBlobs blobs, PodcastStore podcasts, IOptions<LakeOptions> options)
{
    /// <summary>A place to work at.</summary>
    internal LakeWorkspace OpenWorkspace() => LakeWorkspace.Open(options.Value);

    /// <summary>Looks what a month has.</summary>
    /// <param name="workspace">Holds one month at a time.</param>
    /// <param name="month"><c>yyyy-MM</c>.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    internal async Task<LakeWriter> OpenAsync(LakeWorkspace workspace, string month, CancellationToken cancellationToken)
    {
        var writer = new LakeWriter(blobs, podcasts, options.Value, workspace, month);
        await writer.OpenAsync(cancellationToken).ConfigureAwait(false);
        return writer;
    }
}
