using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Core.Models;

namespace NrSer.Cli.Models;

/// <summary>What an installed model was made of, as its entry remembers it: two models may share a name, and be of different makers.</summary>
/// <param name="Id">As <see cref="ModelSource.Id"/>.</param>
/// <param name="Revision">As <see cref="ModelSource.Revision"/>.</param>
/// <param name="Sha256">Of each file.</param>
internal sealed record ModelOrigin(string Id, string? Revision, IReadOnlyDictionary<string, string> Sha256)
{
    private const string Key = "origin";

    /// <summary>Of an entry; null where it was not made here.</summary>
    public static ModelOrigin? Of(ModelEntry entry)
    {
        try
        {
            return entry.Measured.ValueKind == JsonValueKind.Object && entry.Measured.TryGetProperty(Key, out JsonElement origin)
                ? origin.Deserialize(ModelPinsContext.Default.ModelOrigin) is { Id: not null, Sha256: not null } found ? found : null
                : null;
        }
        catch (JsonException)
        {
            return null; // another program's
        }
    }

    /// <summary>What is known of a source by a model that was made of it.</summary>
    /// <param name="licence">The model's.</param>
    public ModelPin ToPin(string licence) => new(
        Revision, licence, [.. Sha256.Select(file => new PinnedFile(file.Key, Bytes: null, file.Value))]);

    /// <summary>As an entry's measured figures have it.</summary>
    public JsonObject ToMeasured() => new() { [Key] = JsonSerializer.SerializeToNode(this, ModelPinsContext.Default.ModelOrigin) };

    /// <summary>Makes sure that what is called so is what is asked for.</summary>
    /// <param name="there">The model of that name.</param>
    /// <param name="source">What is asked for, and how.</param>
    /// <param name="update">Whether any revision will do.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="UsageException">It is another, or the same with other labels, ratings or enhancer.</exception>
    public static async Task RequireSameAsync(ModelEntry there, ModelSource source, bool update, CancellationToken cancellationToken)
    {
        if (Of(there) is not { } origin || !await origin.IsOfAsync(source, update, cancellationToken))
        {
            throw new UsageException(
                $"There is a model '{there.Name}' already, {there.Id} of {there.Source}, and it is not that of {source.Source}: give this one "
                + $"another name with --name, or take that one away first where it is not NrSer's own: nrser models remove {there.Name}");
        }

        if (Contradiction(there, source) is { } option)
        {
            throw new UsageException(
                $"{there.Id} is installed, and its entry says otherwise than {option}, which counts when a model is installed: nrser models remove "
                + $"{there.Name} first, or install it a second time with --name.");
        }
    }

    private static string? Contradiction(ModelEntry there, ModelSource source)
    {
        EmotionEntry? emotion = there.Emotion;
        bool Means(string label, string? name) =>
            emotion?.Labels.Select((known, i) => (known, name: emotion.Emotions[i])).Contains((label, name)) ?? false;
        return source.Vocabulary.Any(said => !Means(said.Key, said.Value)) ? "--label"
            : source.Scale is { } scale && !(emotion?.AttributeRange.SequenceEqual([(float)scale.Lowest, (float)scale.Highest]) ?? false) ? "--scale"
            : source.TrainedSeconds is { } trained
                && !(emotion?.TrainedSamples?.SequenceEqual(InstalledEntry.TrainedSamples(trained)) ?? false) ? "--trained-seconds"
            : source.Enhancer is { } enhancer && there.SnrLevel?.Enhancer != enhancer ? "--enhancer"
            : null;
    }

    private async Task<bool> IsOfAsync(ModelSource source, bool update, CancellationToken cancellationToken)
    {
        if (!source.Checkpoint.Place.IsFile)
        {
            return Id == source.Id && (update || ((Revision is null || Revision == source.Revision)
                && source.Files.All(file => file.Sha256 is null || file.Sha256 == Sha256.GetValueOrDefault(file.Name))));
        }

        foreach (SourceFile file in source.Files)
        {
            if (Sha256.GetValueOrDefault(file.Name) != await ModelDownload.HashAsync(file.Place.LocalPath, cancellationToken))
                return false;
        }

        return Sha256.Count == source.Files.Count;
    }
}
