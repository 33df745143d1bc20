namespace NrSer.Pipeline.Forgetting;

/// <summary>Something cannot be deleted, as where a policy of the account holds it.</summary>
/// <param name="count">How many recordings are held.</param>
/// <param name="first">One of them, and what the service said.</param>
public sealed class ForgetException(int count, KeyValuePair<RecordingId, string> first) : Exception(
    $"{count} recordings cannot be deleted, {first.Key} first: {first.Value} They have tombstones, and it is tried again; take away what holds "
    + "them.");
