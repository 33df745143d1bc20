namespace NrSer.Core.Audio.Input;

/// <summary>What a caller knows or wants of a recording besides its content.</summary>
public sealed record RecordingHints
{
    /// <summary>Nothing.</summary>
    public static RecordingHints None { get; } = new();

    /// <summary>What the file is called; asked only where content without a mark of its kind may be meant: raw GSM and G.722.</summary>
    public string? Name { get; init; }

    /// <summary>Which of several tracks is to be heard, from 0; null for the one marked as default, else the longest of an MP4, whose index
    /// says so, and elsewhere the first with most channels.</summary>
    public int? Track { get; init; }
}
