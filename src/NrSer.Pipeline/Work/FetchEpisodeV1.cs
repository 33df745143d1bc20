namespace NrSer.Pipeline.Work;

/// <summary>Asks for a podcast's episode to be fetched. Ids only: its address may hold a token, and stays in its row.</summary>
/// <param name="FeedId">Its feed.</param>
/// <param name="Key">Its key.</param>
public sealed record FetchEpisodeV1(string FeedId, string Key);
