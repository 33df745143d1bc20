using Azure.Storage.Blobs;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Tests.Chaos;

/// <summary>What comes again after it was forgotten, and podcasts.</summary>
internal sealed partial class ChaosRun
{
    private readonly Random _again = new(seed + 1); // so that the same seed does what it did without it, and these things in between
    private readonly List<(string Name, byte[] Content)> _refused = [];
    private readonly HashSet<string> _turnedAway = new(StringComparer.Ordinal); // names

    /// <summary>Podcasts.</summary>
    public ChaosPodcasts Podcasts { get; } = new(stack, new Random(seed + 2));

    /// <summary>Does something that comes again, or something with podcasts.</summary>
    /// <returns>What it did; null for nothing.</returns>
    public async Task<string?> StepAgainAsync() => _again.Next(12) switch
    {
        < 2 when _forgotten.Count > 0 => await UploadAnewAsync(),
        < 4 when _refused.Count > 0 => await UploadRefusedAsync(),
        < 9 => await StepWithPodcastsAsync(),
        _ => null,
    };

    /// <summary>Uploads another content under the name of what was forgotten: it is to be taken in like any.</summary>
    /// <returns>What it did.</returns>
    public async Task<string> UploadAnewAsync() =>
        $"{await UploadAsync(_forgotten.Order(StringComparer.Ordinal).ElementAt(_again.Next(_forgotten.Count)), _again)}, which had been forgotten";

    /// <summary>Uploads a content that is refused, under its name or another: it is to be turned away.</summary>
    /// <returns>What it did.</returns>
    public async Task<string> UploadRefusedAsync()
    {
        (string before, byte[] content) = _refused[_again.Next(_refused.Count)];
        string name = _again.Next(2) == 0 && !_uploads.ContainsKey(before) ? before : $"again/{NewName()}";
        await OnBlobAsync(name, blob => blob.UploadAsync(BinaryData.FromBytes(content), overwrite: true, Stop));
        _turnedAway.Add(name);
        _forgotten.Add(name);
        return $"uploaded what is refused as {name}";
    }

    /// <summary>Names of what is refused and has not been turned away yet.</summary>
    private async Task<IReadOnlyList<string>> NotTurnedAwayAsync(CancellationToken cancellationToken)
    {
        BlobContainerClient container = stack.Container(StorageNames.Recordings);
        var there = new List<string>();
        foreach (string name in _turnedAway.Where(name => !_uploads.ContainsKey(name)))
        {
            if (await container.GetBlobClient(name).ExistsAsync(cancellationToken))
                there.Add(name);
        }

        return there;
    }

    private Task<string> StepWithPodcastsAsync()
    {
        CatchUp();
        return Podcasts.StepAsync();
    }

    /// <summary>A lease of whoever was killed under a later clock ends by the emulator's clock, and forgetting waits for it.</summary>
    private void CatchUp()
    {
        if (_ahead < _latest)
            machine.SetClock(_ahead = _latest);
    }
}
