using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Api;

/// <summary>What came in, how it stands and what was heard, and the models at hand.</summary>
internal static class SummaryEndpoint
{
    private const int MostRows = 20_000; // 20 requests: more than that is for the lake

    public static void MapSummary(this IEndpointRouteBuilder api)
    {
        api.MapGet("/summary", SummaryAsync).WithName("summary")
            .WithSummary("What came in by day: status, hours, and for how much speech which emotion was the one heard longest in its recording.")
            .WithDescription($"Reads the rows of the days; beyond {MostRows} it stops, and says so in `isWhole`. Shares by segment: query/emotions.");
        api.MapGet("/models", Models).WithName("models").WithSummary("The models of this machine, with their quality and licences.");
    }

    private static async Task<Ok<SummaryV1>> SummaryAsync(
        DateOnly? from, DateOnly? to, RecordingStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        (DateOnly first, DateOnly last) = Days.Of(from, to, time);
        var counts = Enum.GetValues<RecordingStatus>().ToDictionary(status => status.ToString(), _ => 0, StringComparer.Ordinal);
        var days = new List<SummaryDayV1>();
        double scored = 0, scoredSeconds = 0, trusted = 0, trustedSeconds = 0;
        int rows = 0, dismissed = 0;
        bool isWhole = true, isDemonstration = false;
        await foreach (Recording recording in store.ListAsync(new RecordingFilter(first, last), cancellationToken).ConfigureAwait(false))
        {
            if (++rows > MostRows)
            {
                isWhole = false;
                break;
            }

            if (recording.IsDismissed == true)
            {
                dismissed++;
                continue;
            }

            counts[recording.Status.ToString()]++;
            isDemonstration |= QualityNotice.Of(recording.ModelQuality) is not null;
            if (days is not [.., var day] || day.Date != recording.Id.Date)
                days.Add(day = new SummaryDayV1(recording.Id.Date, 0, 0, 0, new Dictionary<string, double>(StringComparer.Ordinal)));
            double speech = recording.SpeechSeconds ?? 0;
            if (recording is { MeanSnrScore: { } score } && speech > 0)
                (scored, scoredSeconds) = (scored + (score * speech), scoredSeconds + speech);
            if (recording is { MeanTrust: { } trust } && speech > 0)
                (trusted, trustedSeconds) = (trusted + (trust * speech), trustedSeconds + speech);
            if (recording.DominantEmotion is { } emotion)
                day.SecondsByEmotion[emotion] = day.SecondsByEmotion.GetValueOrDefault(emotion) + speech;
            days[^1] = day with
            {
                Recordings = day.Recordings + 1,
                Seconds = day.Seconds + (recording.DurationSeconds ?? 0),
                SpeechSeconds = day.SpeechSeconds + speech,
            };
        }

        return TypedResults.Ok(new SummaryV1(
            first, last, counts, dismissed, scoredSeconds > 0 ? Math.Round(scored / scoredSeconds, 3) : null,
            trustedSeconds > 0 ? Math.Round(trusted / trustedSeconds, 3) : null, isDemonstration, isWhole, days));
    }

    private static Ok<ModelsV1> Models(ModelSet models, IOptions<EmotionOptions> emotions) => TypedResults.Ok(
        new ModelsV1([.. models.Catalog.Models.Select(entry => new ModelV1(
        entry.Id, entry.Kind.ToString(), entry.Quality, entry.Licence, IsUsed(models, entry),
            entry.Emotion?.Emotions.OfType<string>().ToArray() ?? [],
        entry.Emotion?.ReportableAbove, entry.SnrLevel?.NoiseThreshold, entry.SnrLevel?.KeptEnergyThresholdDb,
            entry.Emotion?.AttributeRange is not [var lowest, var highest] ? null
                : emotions.Value.ToldScale is { } told ? [told.Lowest, told.Highest] : [lowest, highest],
        [.. entry.TrainingData.Select(data => data.Name)]))], QualityNotice.Demonstration));

    private static bool IsUsed(ModelSet models, ModelEntry entry) =>
        entry == models.EnhancerEntry || entry == models.SnrLevelEntry || entry == models.EmotionEntry;
}

/// <summary>What came in.</summary>
/// <param name="From">First day of upload.</param>
/// <param name="To">Last day of upload.</param>
/// <param name="Counts">Recordings by status, without those that were dismissed.</param>
/// <param name="Dismissed">Those.</param>
/// <param name="MeanSnrScore">Mean S over speech; null without.</param>
/// <param name="MeanTrust">Mean trust over speech; null without.</param>
/// <param name="IsDemonstration">Whether any of it was made by demonstration models.</param>
/// <param name="IsWhole">Whether all rows of the days were read.</param>
/// <param name="Days">Days with recordings, in order.</param>
internal sealed record SummaryV1(
    DateOnly From, DateOnly To, IReadOnlyDictionary<string, int> Counts, int Dismissed, double? MeanSnrScore, double? MeanTrust, bool IsDemonstration,
    bool IsWhole, IReadOnlyList<SummaryDayV1> Days);

/// <summary>A day of upload.</summary>
/// <param name="Date">yyyy-MM-dd.</param>
/// <param name="Recordings">How many.</param>
/// <param name="Seconds">Length of their audio.</param>
/// <param name="SpeechSeconds">Length of their speech.</param>
/// <param name="SecondsByEmotion">That speech by the emotion heard longest in its recording.</param>
internal sealed record SummaryDayV1(string Date, int Recordings, double Seconds, double SpeechSeconds, Dictionary<string, double> SecondsByEmotion);

/// <summary>Models.</summary>
/// <param name="Models">Of this machine's catalogue.</param>
/// <param name="DemonstrationNotice">What stands beside whatever was made by models of demonstration quality.</param>
internal sealed record ModelsV1(IReadOnlyList<ModelV1> Models, string DemonstrationNotice);

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
/// <param name="AttributeRange">Lowest and highest rating of arousal, valence and dominance.</param>
/// <param name="TrainingData">What it was trained on.</param>
internal sealed record ModelV1(
    string Id, string Kind, string Quality, string Licence, bool IsUsed, IReadOnlyList<string> Emotions, float? ReportableAbove,
    float? NoiseThreshold, float? KeptEnergyThresholdDb, IReadOnlyList<float>? AttributeRange, IReadOnlyList<string> TrainingData);
