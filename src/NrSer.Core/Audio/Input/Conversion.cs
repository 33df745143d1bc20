namespace NrSer.Core.Audio.Input;

/// <summary>What the owner of a recording that cannot be read may type.</summary>
internal static class Conversion
{
    /// <summary>For what another program may know.</summary>
    public const string Convert = $"If a player plays it, convert it: ffmpeg -i {File} -ar 16000 -ac 1 out.wav";

    /// <summary>For what is damaged.</summary>
    public const string Salvage = $"To use what can be heard: ffmpeg -i {File} -ar 16000 -ac 1 out.wav";

    /// <summary>Stands for the file while nobody has said what it is called.</summary>
    public const string File = "FILE";

    /// <summary>Puts a file's name into the commands of a sentence, as a shell takes it.</summary>
    /// <param name="name">The file's.</param>
    /// <param name="reason">The sentence.</param>
    public static string For(string name, string reason) => reason.Replace($" {File} ", $" {Quoted(name)} ", StringComparison.Ordinal);

    private static string Quoted(string name)
    {
        string safe = name.StartsWith('-') ? $"./{name}" : name; // no option
        return safe.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '/' or '_' or '-') ? safe
            : $"'{safe.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
