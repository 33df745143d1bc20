namespace NrSer.Cli.Bi;

/// <summary>Queries to begin with: shown by <c>nrser query .examples</c>, written into the files for DuckDB, and in <c>docs/bi.md</c>.</summary>
internal static class LakeExamples
{
    /// <summary>What each answers, and how.</summary>
    public static IReadOnlyList<(string Question, string Sql)> All { get; } =
    [
        ("How much of the speech each emotion has, month by month", """
            SELECT month, Emotion, round(sum(DurationSeconds) / sum(sum(DurationSeconds)) OVER (PARTITION BY month), 3) AS Share
            FROM segments
            WHERE IsReportable
            GROUP BY month, Emotion
            ORDER BY month, Share DESC
            """),
        ("The 50 segments that were counted and are trusted least: what to listen to first", """
            SELECT RecordingId, Channel, StartSeconds, EndSeconds, Emotion, Trust
            FROM segments
            WHERE IsReportable
            ORDER BY Trust
            LIMIT 50
            """),
        ("One recording, from its start to its end", """
            SELECT s.Channel, s.StartSeconds, s.EndSeconds, s.IsSpeech, s.Emotion, s.Trust, s.IsReportable
            FROM segments s
            WHERE s.RecordingId = (SELECT max(RecordingId) FROM recordings WHERE Status = 'Completed')
            ORDER BY s.Channel, s.StartSeconds
            """),
        ("What became of the uploads of each month", """
            SELECT month, Status, count(*) AS Recordings, round(sum(DurationSeconds) / 3600, 2) AS Hours
            FROM recordings
            GROUP BY ALL
            ORDER BY ALL
            """),
        ("What could not be read, and why", """
            SELECT UploadedAt, BlobName, Status, Reason
            FROM recordings
            WHERE Status IN ('Rejected', 'Failed')
            ORDER BY UploadedAt DESC
            """),
        ("How much of the audio is speech, and how much of the speech can be counted", """
            SELECT month,
                   round(sum(DurationSeconds) / 3600, 2) AS Hours,
                   round(sum(DurationSeconds) FILTER (IsSpeech) / sum(DurationSeconds), 3) AS SpeechShare,
                   round(sum(DurationSeconds) FILTER (IsReportable) / nullif(sum(DurationSeconds) FILTER (IsSpeech), 0), 3) AS ReportableShare
            FROM segments
            GROUP BY month
            ORDER BY month
            """),
        ("The recordings with the largest share of anger, of those with a minute of speech or more", """
            SELECT r.BlobName, r.UploadedOn,
                   round(sum(s.DurationSeconds) FILTER (s.Emotion = 'angry') / sum(s.DurationSeconds), 3) AS AngryShare
            FROM segments s
            JOIN recordings r USING (RecordingId)
            WHERE s.IsReportable
            GROUP BY ALL
            HAVING sum(s.DurationSeconds) >= 60
            ORDER BY AngryShare DESC
            LIMIT 20
            """),
        ("Whether noise makes the emotions less sure: trust by S", """
            SELECT floor(SnrScore * 10) / 10 AS SnrScoreFrom, count(*) AS Segments, round(avg(Trust), 3) AS MeanTrust
            FROM segments
            WHERE IsSpeech
            GROUP BY ALL
            ORDER BY ALL
            """),
        ("Excitement minute by minute, over all recordings, on each scale that models rate on", """
            SELECT floor(StartSeconds / 60) AS Minute, RatingScale, round(avg(Arousal), 2) AS MeanArousal, count(*) AS Segments
            FROM segments
            WHERE IsReportable AND RatingScale IS NOT NULL
            GROUP BY ALL
            ORDER BY Minute, RatingScale
            LIMIT 60
            """),
        ("The longest stretches of one emotion", """
            WITH runs AS (
                SELECT RecordingId, Channel, StartSeconds, EndSeconds, Emotion,
                       row_number() OVER (PARTITION BY RecordingId, Channel ORDER BY StartSeconds)
                       - row_number() OVER (PARTITION BY RecordingId, Channel, Emotion ORDER BY StartSeconds) AS Run
                FROM segments
                WHERE IsReportable)
            SELECT RecordingId, Channel, Emotion, min(StartSeconds) AS StartSeconds, max(EndSeconds) - min(StartSeconds) AS Seconds
            FROM runs
            GROUP BY RecordingId, Channel, Emotion, Run
            ORDER BY Seconds DESC
            LIMIT 20
            """),
        ("Which models made the rows", """
            SELECT EnhancerModel, SnrLevelModel, EmotionModel, ModelQuality, count(*) AS Segments
            FROM segments
            GROUP BY ALL
            ORDER BY Segments DESC
            """),
        ("How each podcast sounds: its shares of emotions", """
            SELECT f.Title, s.Emotion,
                   round(sum(s.DurationSeconds) / sum(sum(s.DurationSeconds)) OVER (PARTITION BY f.FeedId), 3) AS Share
            FROM segments s
            JOIN episodes e USING (RecordingId)
            JOIN feeds f USING (FeedId)
            WHERE s.IsReportable
            GROUP BY f.FeedId, f.Title, s.Emotion
            ORDER BY f.Title, Share DESC
            """),
        ("At which hour recordings arrive", """
            SELECT UploadedHour, count(*) AS Recordings
            FROM recordings
            GROUP BY ALL
            ORDER BY UploadedHour
            """),
        ("Every day of the month last uploaded to, days without an upload included", """
            SELECT d.Date, d.WeekdayName, count(r.RecordingId) AS Recordings
            FROM dates d
            LEFT JOIN recordings r ON r.UploadedOn = d.Date
            WHERE d.YearMonth = (SELECT max(month) FROM recordings)
            GROUP BY ALL
            ORDER BY d.Date
            """),
    ];
}
