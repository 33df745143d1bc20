using System.Text.Json.Serialization;

namespace NrSer.Pipeline.Forgetting;

/// <summary>A link of the chain of proofs, <c>results/forgotten/{number}.json</c>: no names, no content.</summary>
public sealed record ProofV1
{
    /// <summary>1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>From 1, without a gap.</summary>
    public required int Number { get; init; }

    /// <inheritdoc cref="ProofKind"/>
    public required string Kind { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Ids of what was forgotten, or was looked for again: a day and a hash; none where a podcast had no recordings.</summary>
    public required IReadOnlyList<string> Recordings { get; init; }

    /// <summary>Why, as whoever asked put it; null where nobody said.</summary>
    public string? Reason { get; init; }

    /// <summary>What was found and deleted; of one that looked again, what had come back.</summary>
    public required RemovedV1 Removed { get; init; }

    /// <summary>What no command can delete, and until when it may remain.</summary>
    public IReadOnlyList<RemainsV1> Remains { get; init; } = [];

    /// <summary>Whether the same contents are not taken in again.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Numbers of the proofs that this one looked after; null for one of forgetting.</summary>
    public IReadOnlyList<int>? Of { get; init; }

    /// <summary>SHA-256 of the proof before, lower-case hex; null for the first.</summary>
    public required string? Previous { get; init; }
}

/// <summary>What a proof says.</summary>
public enum ProofKind
{
    /// <summary>Recordings were forgotten, and nothing of them was found afterwards. Provisional: a stage that was at work may still write.</summary>
    Forgotten,

    /// <summary>They were looked for again after whatever was at work must have ended.</summary>
    Verified,

    /// <summary>And again after a day: the last look.</summary>
    Final,
}

/// <summary>What was deleted, by store.</summary>
/// <param name="Uploads">Blobs, versions and snapshots of uploads.</param>
/// <param name="WorkAudio">Decoded and enhanced audio, and manifests.</param>
/// <param name="Results">Receipts, Parquet files, segments and peaks.</param>
/// <param name="Rows">Rows of chunks, segments and names, and notes.</param>
/// <param name="LakeRecordings">Recordings in parts of the lake.</param>
/// <param name="Letters">Dead letters and lost events.</param>
/// <param name="Episodes">Episodes of podcasts.</param>
/// <param name="Podcasts">Podcasts as a whole; earlier proofs do not count them.</param>
public sealed record RemovedV1(int Uploads, int WorkAudio, int Results, int Rows, int LakeRecordings, int Letters, int Episodes, int Podcasts = 0)
{
    /// <summary>Nothing.</summary>
    public static RemovedV1 None { get; } = new(0, 0, 0, 0, 0, 0, 0);

    /// <summary>All of it.</summary>
    [JsonIgnore] public int Total => Uploads + WorkAudio + Results + Rows + LakeRecordings + Letters + Episodes + Podcasts;

    /// <summary>Both together.</summary>
    public static RemovedV1 operator +(RemovedV1 one, RemovedV1 other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        return new RemovedV1(
            one.Uploads + other.Uploads, one.WorkAudio + other.WorkAudio, one.Results + other.Results, one.Rows + other.Rows,
            one.LakeRecordings + other.LakeRecordings, one.Letters + other.Letters, one.Episodes + other.Episodes,
            one.Podcasts + other.Podcasts);
    }

    /// <inheritdoc cref="op_Addition"/>
    public static RemovedV1 Add(RemovedV1 one, RemovedV1 other) => one + other;
}

/// <summary>Something that no command can delete.</summary>
/// <param name="What">What, and why.</param>
/// <param name="Until">When it is gone by itself; null where nobody here knows.</param>
public sealed record RemainsV1(string What, DateTimeOffset? Until);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProofV1))]
internal sealed partial class ProofJsonContext : JsonSerializerContext;
