namespace NrSer.Pipeline.Uploads;

/// <summary>What an upload's metadata may say of it; whoever drops files may set the same.</summary>
public static class UploadMetadata
{
    /// <summary>When it was recorded or published, ISO 8601.</summary>
    public const string RecordedAt = "recordedAt";

    /// <summary>Its length in seconds, as its publisher says.</summary>
    public const string DeclaredSeconds = "declaredSeconds";

    /// <summary>SHA-256 of its content, lower-case hex.</summary>
    public const string Sha256 = "sha256";
}
