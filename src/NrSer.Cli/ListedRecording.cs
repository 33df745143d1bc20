using NrSer.Pipeline.Podcasts.Web;

namespace NrSer.Cli;

/// <summary>A recording to be uploaded: a file, or what lies at an address.</summary>
/// <param name="BlobName">What it will be called.</param>
/// <param name="File">The file.</param>
/// <param name="Address">The address, where there is no file.</param>
internal sealed record ListedRecording(string BlobName, FileInfo? File, Uri? Address = null)
{
    private const long TypicalBytes = 30_000_000; // half an hour of podcast: what an address holds is not known before it is asked

    /// <summary>What somebody says of it, as metadata of the upload.</summary>
    public IDictionary<string, string> About { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The line of the manifest that lists it.</summary>
    public long? Line { get; init; }

    /// <summary>Where it is, for people.</summary>
    public string Place => File?.FullName ?? WebAddress.Shown(Address!);

    /// <summary>Its size, or a guess.</summary>
    public long Bytes => File?.Length ?? TypicalBytes;
}
