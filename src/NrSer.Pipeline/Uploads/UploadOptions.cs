using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Uploads;

/// <summary>How uploads are found where no service tells of them.</summary>
public sealed class UploadOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Uploads";

    /// <summary>Longest pause between two listings while there are changes, however long listing takes: 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class UploadOptionsValidator : IValidateOptions<UploadOptions>;
