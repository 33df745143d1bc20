using System.Globalization;
using CsvHelper;
using NrSer.Core.Audio;

namespace NrSer.Evaluation.Experiments;

/// <summary>Everything an experiment runs on: from a CSV manifest, or from folders.</summary>
/// <param name="Clips">In the order of the manifest, or of the sorted paths.</param>
public sealed record EvaluationSet(IReadOnlyList<EvaluationClip> Clips)
{
    private static readonly string[] s_fileColumns = ["path", "cleanpath", "noisepath"];

    /// <summary>Speech as it was recorded.</summary>
    public IReadOnlyList<EvaluationClip> Speech { get; } = [.. Clips.Where(clip => clip is { IsNoiseOnly: false, IsPair: false })];

    /// <summary>Noise without speech.</summary>
    public IReadOnlyList<EvaluationClip> Noise { get; } = [.. Clips.Where(clip => clip.IsNoiseOnly)];

    /// <summary>Noisy speech whose clean original is known.</summary>
    public IReadOnlyList<EvaluationClip> Pairs { get; } = [.. Clips.Where(clip => clip.IsPair)];

    /// <summary>Reads a manifest (one file ending in .csv), or gathers the recordings below folders.</summary>
    /// <param name="sources">A manifest, or folders of speech; a folder directly below one of them names the label.</param>
    /// <param name="noise">Folders of noise; a folder directly below one of them names the type.</param>
    /// <param name="foldersAreSpeakers">Folders of speech name the speaker instead.</param>
    /// <exception cref="EvaluationException">A source does not exist, holds nothing, or a row of the manifest is wrong.</exception>
    public static EvaluationSet Load(IReadOnlyList<string> sources, IReadOnlyList<string> noise, bool foldersAreSpeakers = false)
    {
        var clips = new List<EvaluationClip>();
        foreach (string source in sources)
        {
            clips.AddRange(File.Exists(source) && Path.GetExtension(source) == ".csv"
                ? ReadManifest(new FileInfo(source))
                : SpeechBelow(source, foldersAreSpeakers));
        }

        foreach (string folder in noise)
            clips.AddRange(
                Below(folder).Select(found => Noisy(found.File, found.Group.Length > 0 ? found.Group : Path.GetFileName(Path.GetFullPath(folder)))));
        return clips.Count > 0 ? new EvaluationSet(clips)
            : throw new EvaluationException("There is nothing to evaluate: no manifest row, no recording in the folders.");
    }

    private static EvaluationClip Noisy(FileInfo file, string type) =>
        new(null, null, file, null, null, file.Name, Corpus: "noise", type, null);

    private static IEnumerable<EvaluationClip> SpeechBelow(string folder, bool foldersAreSpeakers) => Below(folder).Select(
        found => new EvaluationClip(
            found.File, null, null, null, found.Group.Length > 0 && !foldersAreSpeakers ? found.Group : null,
            Speaker: found.Group.Length > 0 && foldersAreSpeakers ? found.Group : found.File.Name, Path.GetFileName(Path.GetFullPath(folder)), "",
            null));

    private static (FileInfo File, string Group)[] Below(string folder)
    {
        if (!Directory.Exists(folder))
            throw new EvaluationException($"{folder} is neither a folder nor a manifest ending in .csv.");
        return [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => AudioDecoder.FileExtensions.Contains(file.Extension, StringComparer.OrdinalIgnoreCase))
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .Select(
                file => (file, Path.GetRelativePath(folder, file.FullName).Split(Path.DirectorySeparatorChar) is [var group, _, ..] ? group : ""))];
    }

    private static List<EvaluationClip> ReadManifest(FileInfo manifest)
    {
        using FileStream file = manifest.OpenRead();
        using CsvReader csv = CsvReader.Create(file, new CsvReaderOptions
        {
            TrimWhitespace = true, TrackLineNumbers = true, NormalizeHeaderName = name => name.Trim().ToLowerInvariant(),
        });
        var clips = new List<EvaluationClip>();
        try
        {
            csv.ReadHeader();
            if (!s_fileColumns.Any(column => csv.TryGetFieldIndex(column, out _)))
                throw new EvaluationException("there is none of the columns path, cleanPath and noisePath. See: nrser evaluate --help");
            while (csv.Read())
                clips.Add(Row(csv, manifest.DirectoryName!));
            return clips;
        }
        catch (Exception error) when (error is EvaluationException or CsvFormatException or CsvValidationException)
        {
            throw new EvaluationException($"{manifest}, line {csv.LineNumber}: {error.Message}");
        }
    }

    private static EvaluationClip Row(CsvReader csv, string folder)
    {
        string? Text(string column) => csv.TryGetFieldIndex(column, out int index) && csv.GetString(index) is { Length: > 0 } value ? value : null;
        double? Number(string column) => Text(column) is not { } text ? null
            : double.TryParse(text, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number
            : throw new EvaluationException($"'{text}' in column {column} is no number.");
        FileInfo? Existing(string column) => Text(column) is not { } path ? null
            : new FileInfo(Path.Combine(folder, path)) is { Exists: true } file ? file
            : throw new EvaluationException($"there is no file {Path.Combine(folder, path)}.");

        (FileInfo? path, FileInfo? clean, FileInfo? noise) = (Existing("path"), Existing("cleanpath"), Existing("noisepath"));
        if (path is null && clean is null && noise is null)
            throw new EvaluationException("path, cleanPath and noisePath are all empty.");
        double? snrDb = Number("snrdb");
        if (path is null && clean is not null && noise is not null && snrDb is null)
            throw new EvaluationException("snrDb is needed to mix cleanPath and noisePath.");
        Ratings? ratings = (Number("arousal"), Number("valence"), Number("dominance")) is ({ } arousal, { } valence, { } dominance)
            ? new Ratings((float)arousal, (float)valence, (float)dominance)
            : null;
        string name = (path ?? clean ?? noise)!.Name;
        return new EvaluationClip(
            path, clean, noise, snrDb, Text("label"), Text("speaker") ?? name, Text("corpus") ?? "",
            Text("noisetype") ?? (noise is null ? "" : "noise"), ratings)
        {
            Split = Text("split") is not { } split ? null
                : Enum.TryParse(split, ignoreCase: true, out Split known) && Enum.IsDefined(known) ? known
                : throw new EvaluationException($"'{split}' in column split is none of train, validation and test."),
        };
    }
}
