using System.CommandLine;

namespace NrSer.Cli.Commands;

/// <summary>What every command that reads recordings takes besides their files.</summary>
internal sealed class RecordingOptions
{
    private readonly Option<int?> _track = new Option<int?>("--track")
    {
        Description = "Which of a file's tracks with sound to hear, from 0; else the default one, or the longest of an MP4, elsewhere that with "
            + "most channels.",
    };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "What to call the recording, instead of its file's name: for standard input, which is given as -.",
    };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        _track.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text.StartsWith('-'))
                result.AddError("--track counts from 0.");
        });
        command.Add(_track);
        command.Add(_name);
    }

    /// <inheritdoc cref="RecordingFile.OpenAsync"/>
    public Task<RecordingFile> OpenAsync(FileInfo file, ParseResult parsed, CancellationToken cancellationToken) =>
        RecordingFile.OpenAsync(file, parsed.GetValue(_name), parsed.GetValue(_track), cancellationToken);
}
