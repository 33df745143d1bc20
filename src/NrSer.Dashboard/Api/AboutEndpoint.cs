using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Api;

/// <summary>What a deployment says of itself.</summary>
internal static class AboutEndpoint
{
    public static void MapAbout(this IEndpointRouteBuilder api) => api.MapGet("/about", AboutAsync).WithName("about")
        .WithSummary(
            "What results may be used for, whom to ask, how long is kept what, and the models of this server with their quality and licences.");

    private static async Task<Ok<AboutV1>> AboutAsync(
        ModelSet models, IOptions<EmotionOptions> emotions, DeploymentBlob deployment, Retention retention, CancellationToken cancellationToken)
    {
        DeploymentV1? said;
        try
        {
            said = await deployment.FindAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (FormatException damaged)
        {
            throw new RefusedException(StatusCodes.Status503ServiceUnavailable, damaged.Message);
        }

        return TypedResults.Ok(new AboutV1(
            said?.Label, said?.Setting?.ToString(), said?.Contact, said?.SetAt,
            [.. (await retention.StandingAsync(cancellationToken).ConfigureAwait(false)).Select(standing => KeptOf(standing.Rule, standing.Mark))],
            QualityNotice.Demonstration, [.. models.Catalog.Models.Select(entry => ModelOf(models, entry, emotions.Value))]));
    }

    private static KeptV1 KeptOf(RetentionRule rule, RetentionMark mark) => new(
        rule.Store.ToString(), rule.FeedId, rule.Period.TotalDays, mark.Through == DateOnly.MinValue ? null : mark.Through);

    private static ModelV1 ModelOf(ModelSet models, ModelEntry entry, EmotionOptions emotions) => new(
        entry.Id, entry.Kind.ToString(), entry.Quality, entry.Licence, IsUsed(models, entry),
        entry.Emotion?.Emotions.OfType<string>().ToArray() ?? [],
        entry.Emotion?.ReportableAbove, entry.SnrLevel?.NoiseThreshold, entry.SnrLevel?.KeptEnergyThresholdDb,
        entry.SnrLevel?.SpeechThreshold,
        entry.Emotion?.AttributeRange is not [var lowest, var highest] ? null
            : emotions.ToldScale is { } told ? [told.Lowest, told.Highest] : [lowest, highest],
        [.. entry.TrainingData.Select(data => data.Name)]);

    private static bool IsUsed(ModelSet models, ModelEntry entry) =>
        entry == models.EnhancerEntry || entry == models.SnrLevelEntry || entry == models.EmotionEntry;
}

/// <summary>What a deployment says of itself.</summary>
/// <param name="Purpose">What results may be used for; null where nobody has said.</param>
/// <param name="Setting">Where, if people depend there on those who listen: Workplace or Education.</param>
/// <param name="Contact">Whom to ask; null where nobody is named.</param>
/// <param name="SetAt">When that was said.</param>
/// <param name="Kept">How long is kept what, as the host that sweeps held to within two days; all else is kept until it is forgotten.</param>
/// <param name="DemonstrationNotice">What stands beside whatever was made by models of demonstration quality.</param>
/// <param name="Models">Of this server's catalogue.</param>
internal sealed record AboutV1(
    string? Purpose, string? Setting, string? Contact, DateTimeOffset? SetAt, IReadOnlyList<KeptV1> Kept, string DemonstrationNotice,
    IReadOnlyList<ModelV1> Models);

/// <summary>How long something is kept.</summary>
/// <param name="Store">Uploads, WorkAudio, Lake, Results, Receipts or Rows.</param>
/// <param name="FeedId">Of that podcast alone; null for all that have no period of their own.</param>
/// <param name="Days">From the day of upload on.</param>
/// <param name="Through">The last day of upload of which it was deleted; null where it was only reported yet.</param>
internal sealed record KeptV1(string Store, string? FeedId, double Days, DateOnly? Through);

/// <summary>A model.</summary>
/// <param name="Id">name@version.</param>
/// <param name="Kind">Enhancer, SnrLevel or Emotion.</param>
/// <param name="Quality">demonstration or production.</param>
/// <param name="Licence">Of its weights.</param>
/// <param name="IsUsed">Whether new recordings are read with it here.</param>
/// <param name="Emotions">What it tells apart.</param>
/// <param name="ReportableAbove">From this trust on an emotion is reported.</param>
/// <param name="NoiseThreshold">Below this S a segment holds no speech.</param>
/// <param name="KeptEnergyThresholdDb">A segment of which the enhancer kept less holds none either.</param>
/// <param name="SpeechThreshold">One in which the log-odds of speech are lower holds none either.</param>
/// <param name="AttributeRange">Lowest and highest rating of arousal, valence and dominance.</param>
/// <param name="TrainingData">What it was trained on.</param>
internal sealed record ModelV1(
    string Id, string Kind, string Quality, string Licence, bool IsUsed, IReadOnlyList<string> Emotions, float? ReportableAbove,
    float? NoiseThreshold, float? KeptEnergyThresholdDb, float? SpeechThreshold, IReadOnlyList<float>? AttributeRange,
    IReadOnlyList<string> TrainingData);
