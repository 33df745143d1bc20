namespace NrSer.Pipeline.Results;

/// <summary>What became of one recording, for people and scripts: <c>results/{recordingId}/receipt.json</c>. Fields mean what the row's columns mean.</summary>
/// <param name="RecordingId">Its id.</param>
/// <param name="BlobName">What was uploaded.</param>
/// <param name="Status"><c>Completed</c> or <c>Failed</c>.</param>
/// <param name="Reason">Why it failed, or null.</param>
/// <param name="Generation">0, or how often it was retried.</param>
/// <param name="Sha256">Of the content.</param>
/// <param name="UploadedAt">When the blob was created.</param>
/// <param name="CompletedAt">When the last chunk was finished.</param>
/// <param name="DurationSeconds">Length of the audio.</param>
/// <param name="SampleRateHz">Rate of the upload.</param>
/// <param name="Channels">Channels of the upload.</param>
/// <param name="Encoding">Container and codec.</param>
/// <param name="Chunks">Units of work.</param>
/// <param name="Segments">Segments in all.</param>
/// <param name="SpeechSegments">Those with speech.</param>
/// <param name="SpeechSeconds">Their length together.</param>
/// <param name="MeanSnrScore">Mean S over speech, or null without any.</param>
/// <param name="DominantEmotion">The emotion heard longest, or null.</param>
/// <param name="Models">What computed it.</param>
/// <param name="Parquet">Blob of the segments, in the same container.</param>
public sealed record ReceiptV1(
    string RecordingId, string BlobName, string Status, string? Reason, int Generation, string? Sha256, DateTimeOffset? UploadedAt,
    DateTimeOffset? CompletedAt, double? DurationSeconds, int? SampleRateHz, int? Channels, string? Encoding, int Chunks, int Segments,
    int SpeechSegments, double SpeechSeconds, double? MeanSnrScore, string? DominantEmotion, ReceiptModelsV1 Models, string Parquet);
