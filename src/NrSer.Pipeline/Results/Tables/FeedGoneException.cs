namespace NrSer.Pipeline.Results.Tables;

/// <summary>A podcast is not known, or was forgotten meanwhile.</summary>
/// <param name="id">The podcast's.</param>
public sealed class FeedGoneException(string id) : Exception($"There is no podcast {id}.");
