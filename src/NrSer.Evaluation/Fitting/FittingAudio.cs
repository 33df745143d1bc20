using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NrSer.Core.Segmentation;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Fitting;

/// <summary>Speech and noise to fit on, in memory, each recording in one split: speech by its speaker, noise by its file.</summary>
public sealed class FittingAudio
{
    /// <summary>Of either kind; with fewer, too few are left to measure on.</summary>
    public const int LeastUnits = 5;

    /// <summary>Of either kind, in all.</summary>
    public static readonly TimeSpan LeastSpeech = TimeSpan.FromMinutes(1), LeastNoise = TimeSpan.FromSeconds(30);

    // 40 min of each kind are 300 MB; more of one recording says little more.
    private const int MostMinutes = 40, LongestOfKind = MostMinutes * 60 * SegmentGrid.SampleRateHz;
    private const int LongestOfFile = 5 * 60 * SegmentGrid.SampleRateHz;
    private const double LeastPower = 1e-10; // −100 dBFS where it is loudest: nothing was recorded

    private readonly List<string> _notes = [];
    private readonly Sound[] _speech, _noise;

    private FittingAudio(Sound[] speech, Sound[] noise) => (_speech, _noise) = (speech, noise);

    /// <summary>What was left out, and how it was split.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Speech of a split.</summary>
    internal Sound[] SpeechOf(Split split) => [.. _speech.Where(sound => sound.Split == split)];

    /// <summary>Noise of a split.</summary>
    internal Sound[] NoiseOf(Split split) => [.. _noise.Where(sound => sound.Split == split)];

    /// <summary>Reads up to 40 min of each kind, of as many speakers and kinds of noise as there are.</summary>
    /// <param name="set">Speech, and noise alone.</param>
    /// <param name="audio">Opens it.</param>
    /// <param name="threads">Files at once.</param>
    /// <param name="progress">Told the share that was read.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="EvaluationException">There is too little of it, or something is speech and noise at once.</exception>
    public static async Task<FittingAudio> LoadAsync(
        EvaluationSet set, ClipAudio audio, int threads, Action<double> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(set);
        var notes = new List<string>();
        Sound[] speech = await ReadAsync("speech", set.Speech, 0, clip => clip.Corpus, clip => clip.Speaker).ConfigureAwait(false);
        Sound[] noise = await ReadAsync("noise", set.Noise, 0.5, clip => clip.NoiseType).ConfigureAwait(false);
        Dictionary<string, Sound> known = speech.ToDictionary(sound => sound.Hash, StringComparer.Ordinal);
        if (noise.FirstOrDefault(sound => known.ContainsKey(sound.Hash)) is { } both)
        {
            throw new EvaluationException(
                $"{known[both.Hash].Clip.File} and {both.Clip.File} hold the same, and one is called speech, the other noise: "
                + "take one of them away.");
        }

        Require("speech", speech, LeastSpeech);
        Require("noise", noise, LeastNoise);
        bool bySpeaker = speech.Select(sound => sound.Clip.Source).Distinct(StringComparer.Ordinal).Count() >= LeastUnits;
        if (!bySpeaker && speech.Any(sound => sound.Clip.Split is null))
            notes.Add($"Fewer than {LeastUnits} speakers are told apart, so speech is split by file: of other voices the figures say little.");
        var loaded = new FittingAudio(
            Divided(speech, sound => bySpeaker ? sound.Clip.Source : sound.Clip.File.FullName), Divided(noise, sound => sound.Clip.File.FullName));
        loaded._notes.AddRange(notes);
        foreach (Split split in Enum.GetValues<Split>())
        {
            if (loaded.SpeechOf(split).Length == 0 || loaded.NoiseOf(split).Length == 0)
                throw new EvaluationException($"The split {split} has no {(loaded.SpeechOf(split).Length == 0 ? "speech" : "noise")}: column split.");
        }

        return loaded;

        async Task<Sound[]> ReadAsync(
            string kind, IReadOnlyList<EvaluationClip> clips, double begun, params Func<EvaluationClip, string>[] groups)
        {
            EvaluationClip[] queue = [.. InTurns([.. clips], [clip => $"{clip.Split}", .. groups])];
            var read = new List<Sound>();
            var hashes = new HashSet<string>(StringComparer.Ordinal);
            int unreadable = 0, silent = 0, twice = 0, next = 0;
            string? reason = null;
            long samples = 0;
            while (next < queue.Length && samples < LongestOfKind)
            {
                EvaluationClip[] batch = queue[next..Math.Min(queue.Length, next + (4 * threads))];
                next += batch.Length;
                var found = new ConcurrentDictionary<int, (float[]? Samples, string? Reason)>();
                var limits = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
                await Parallel.ForAsync(0, batch.Length, limits, async (i, token) =>
                {
                    try
                    {
                        found[i] = (await audio.ReadAsync(batch[i].File, LongestOfFile, token).ConfigureAwait(false), null);
                    }
                    catch (EvaluationException error)
                    {
                        found[i] = (null, error.Message);
                    }
                }).ConfigureAwait(false);
                for (int i = 0; i < batch.Length && samples < LongestOfKind; i++)
                {
                    if (found[i].Samples is not { } heard)
                    {
                        unreadable++;
                        reason ??= found[i].Reason;
                    }
                    else if (NoiseMixing.ActivePower(heard) < LeastPower)
                    {
                        silent++;
                        reason ??= $"{batch[i].File} is silent.";
                    }
                    else if (Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(heard.AsSpan()))) is var hash && hashes.Add(hash))
                    {
                        samples += heard.Length;
                        read.Add(new Sound(batch[i], heard, hash));
                    }
                    else
                    {
                        twice++;
                    }
                }

                progress(begun + (0.5 * Math.Min(1, Math.Max(next / (double)queue.Length, samples / (double)LongestOfKind))));
            }

            if (unreadable + silent > 0)
                notes.Add($"Left out of {kind}: {unreadable} recordings that cannot be used, {silent} silent ones, such as: {reason}");
            if (twice > 0)
                notes.Add($"Left out of {kind}: {twice} recordings that hold the same as another.");
            if (next < queue.Length)
                notes.Add($"Of {kind}, {read.Count} of {queue.Length} recordings are used: {MostMinutes} min.");
            return [.. read];
        }

        static void Require(string kind, Sound[] sounds, TimeSpan least)
        {
            double seconds = sounds.Sum(sound => (double)sound.Samples.Length) / SegmentGrid.SampleRateHz;
            if (sounds.Length < LeastUnits || seconds < least.TotalSeconds)
            {
                throw new EvaluationException(
                    $"There are {seconds:F0} s of {kind} in {sounds.Length} recordings that can be used. At least {least.TotalSeconds:F0} s in "
                    + $"{LeastUnits} recordings are needed: some are kept back to choose by and to measure on.");
            }
        }
    }

    /// <summary>One of each group after the other, and so within each group, in an order that names alone decide.</summary>
    private static EvaluationClip[] InTurns(EvaluationClip[] clips, ReadOnlySpan<Func<EvaluationClip, string>> groups)
    {
        if (groups.IsEmpty)
            return [.. clips.OrderBy(clip => ClipAudio.StableHash(clip.File.Name))];
        var ordered = new List<EvaluationClip[]>();
        IEnumerable<IGrouping<string, EvaluationClip>> known =
            clips.GroupBy(groups[0], StringComparer.Ordinal).OrderBy(group => ClipAudio.StableHash(group.Key));
        foreach (IGrouping<string, EvaluationClip> group in known)
            ordered.Add(InTurns([.. group], groups[1..]));
        return [.. ordered.SelectMany(group => group.Select((clip, turn) => (clip, turn))).OrderBy(each => each.turn).Select(each => each.clip)];
    }

    /// <summary>Of five units, one to measure on and one to choose by, in an order that names alone decide; or as the manifest says.</summary>
    private static Sound[] Divided(Sound[] sounds, Func<Sound, string> unitOf)
    {
        int said = sounds.Count(sound => sound.Clip.Split is not null);
        if (said > 0 && said < sounds.Length)
            throw new EvaluationException("The manifest gives a split to some rows only: give it to all or to none.");
        if (said > 0)
            return [.. sounds.Select(sound => sound with { Split = sound.Clip.Split!.Value })];
        string[] units = [.. sounds.Select(unitOf).Distinct(StringComparer.Ordinal).OrderBy(ClipAudio.StableHash)];
        return [.. sounds.Select(sound => sound with
        {
            Split = (Array.IndexOf(units, unitOf(sound)) % LeastUnits) switch { 0 => Split.Test, 1 => Split.Validation, _ => Split.Train },
        })];
    }

    /// <summary>A recording.</summary>
    internal sealed record Sound(EvaluationClip Clip, float[] Samples, string Hash, Split Split = Split.Train);
}
