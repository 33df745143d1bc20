using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Uploads;

/// <summary>How uploads are found where no service tells of them.</summary>
public sealed class UploadOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Uploads";

    /// <summary>Longest pause between two listings while there are changes, however long listing takes: 1 s to 10 min. With a listing of 14 s before
    /// and behind it, which is what the largest archive of an emulator takes, an upload is found within a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(25);
}

[OptionsValidator]
internal sealed partial class UploadOptionsValidator : IValidateOptions<UploadOptions>;
