using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;

namespace NrSer.Cli.Tests.Local;

/// <summary>A stack with an archive of recordings of every kind, all of them ended.</summary>
public sealed class FilledStack : IAsyncLifetime
{
    /// <summary>Recordings that can be read.</summary>
    internal static readonly string[] Good = ["clean.wav", "noise-only.wav", "noisy.wav", "long.wav", "2024/talk.mp3", OddName];

    /// <summary>A recording that is cut off.</summary>
    internal const string Broken = "broken.wav";

    private const string OddName = "2024/à b #1%20+&'.wav"; // what names do to URLs, queries and XML

    private readonly Stack _stack = new(Settings);

    /// <summary>Shorter chunks than the default, in the stack and in analyze.</summary>
    internal static (string, string)[] Settings => [("NrSer__Segmentation__MaxChunk", "00:00:20")];

    internal Stack Stack => _stack;

    /// <summary>Where the archive lies on disk.</summary>
    internal string Archive => _stack.Files["archive"];

    /// <summary>What ingest said.</summary>
    internal Outcome Ingested { get; private set; } = null!;

    /// <summary>What status said once all had ended.</summary>
    internal Outcome Status { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        foreach (string sample in new[] { SampleFiles.Clean, SampleFiles.NoiseOnly, SampleFiles.Noisy })
            _stack.Files.Write($"archive/{Path.GetFileName(sample)}", await File.ReadAllBytesAsync(sample, CancellationToken.None));
        _stack.Files.Write("archive/long.wav", SampleFiles.Concatenated(65, SampleFiles.Noisy, SampleFiles.NoiseOnly, SampleFiles.Clean));
        _stack.Files.Write($"archive/{OddName}", SampleFiles.Concatenated(3, SampleFiles.Clean));
        _stack.Files.Write($"archive/{Broken}", SampleFiles.Concatenated(3, SampleFiles.Clean).AsSpan(0, 50_000));
        await SampleFiles.EncodeAsync(Path.Combine(Archive, "2024", "talk.mp3"), "-ar", "44100", "-b:a", "128k");
        await _stack.StartAsync();
        Ingested = await _stack.RunProcessAsync("ingest", Archive, "--json");
        foreach (string name in Good)
            await _stack.EndedAsync(name);
        await _stack.EndedAsync(Broken, RecordingStatus.Rejected);
        Status = await _stack.RunProcessAsync("status", "--json");
    }

    public ValueTask DisposeAsync() => _stack.DisposeAsync();
}
