using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Api;

/// <summary>What came in, how it stands and what was heard.</summary>
internal static class SummaryEndpoint
{
    private const int MostRows = 20_000; // 20 requests: more than that is for the lake

    public static void MapSummary(this IEndpointRouteBuilder api)
    {
        api.MapGet("/summary", SummaryAsync).WithName("summary")
            .WithSummary("What came in by day: status, hours, and for how much speech which emotion was the one heard longest in its recording.")
            .WithDescription($"Reads the rows of the days; beyond {MostRows} it stops, and says so in `isWhole`. Shares by segment: query/emotions.");
    }

    private static async Task<Ok<SummaryV1>> SummaryAsync(
        [Description(Days.First)] DateOnly? from, [Description(Days.Last)] DateOnly? to, RecordingStore store, TimeProvider time,
        CancellationToken cancellationToken)
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
