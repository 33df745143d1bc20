using CommunityToolkit.HighPerformance;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio;

/// <summary>
/// Real files, changed a little: whatever becomes of them is read or refused, by our own readers and by ffmpeg behind them. The runs can be set, for
/// hours by hand: <c>NRSER_FUZZ_RUNS</c> and <c>NRSER_FUZZ_FFMPEG_RUNS</c>; CI goes on for <c>NRSER_FUZZ_SECONDS</c> with our own readers, from
/// another <c>NRSER_FUZZ_SEED</c> each day, which repeats a finding. Ffmpeg's runs take it where their number is set, and are the same otherwise.
/// </summary>
public sealed class ReadersFuzzTests(ITestOutputHelper output)
{
    private const int OwnRuns = 2_000;
    private const int FfmpegRuns = 20;

    private static readonly byte[][] s_interesting =
    [
        [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 1], [1, 0, 0, 0], [0x80, 0, 0, 0],
        [.. "data"u8], [.. "RIFF"u8], [.. "fmt "u8], [.. "moov"u8], [.. "elst"u8], [.. "OggS"u8], [.. "Xing"u8], [.. "VBRI"u8], [.. "ID3\u0004"u8],
    ];

    private static readonly (string Name, byte[] Content)[] s_seeds =
    [
        .. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Audio", "Cases")).Where(path => !path.EndsWith(".md", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))),
    ];

    // Nothing is there that could decode it: what our own code makes of a file before and beside ffmpeg is left.
    [Fact]
    public async Task OwnReaders_AnyChange_ReadOrRefuse()
    {
        AudioDecoder decoder = new(new AudioOptions { FfmpegPath = "/nowhere/ffmpeg", MaxDuration = TimeSpan.FromMinutes(1) });
        await RunAsync("NRSER_FUZZ_RUNS", OwnRuns, Fuzzing.AtLeast, Fuzzing.FirstSeed, async (file, name) =>
        {
            await WalkAsync(file);
            return await ReadAsync(decoder, file, name);
        });
    }

    [Fact]
    public async Task Ffmpeg_AnyChange_ReadsOrRefuses()
    {
        // a machine so busy that ffmpeg gets no processor for a minute is no finding
        AudioDecoder decoder = new(new AudioOptions { MaxDuration = TimeSpan.FromHours(3), FfmpegStallLimit = TimeSpan.FromMinutes(10) });
        const string Runs = "NRSER_FUZZ_FFMPEG_RUNS";
        // so few find little, and are no lottery: they are the same every day
        int first = Environment.GetEnvironmentVariable(Runs) is null ? 1 : Fuzzing.FirstSeed;
        await RunAsync(Runs, FfmpegRuns, TimeSpan.Zero, first, (file, name) => ReadAsync(decoder, file, name));
    }

    private async Task RunAsync(string variable, int defaultRuns, TimeSpan atLeast, int first, Func<byte[], string, Task<bool>> read)
    {
        int readable = 0, runs = 0;
        foreach (int seed in Fuzzing.Seeds(variable, defaultRuns, atLeast, first))
        {
            runs++;
            Random random = new(seed);
            (string name, byte[] content) = s_seeds[random.Next(s_seeds.Length)];
            byte[] file = Mutate(content, random);
            try
            {
                readable += await read(file, name) ? 1 : 0;
            }
            catch (Exception exception)
            {
                Assert.Fail($"Seed {seed}, of {name}: {exception}");
            }
        }

        output.WriteLine($"{runs} runs from seed {first}: {readable} read, {runs - readable} refused");
        Assert.InRange(readable, runs / 100, runs); // mostly heads are changed: some stay readable
    }

    private static async Task<bool> ReadAsync(AudioDecoder decoder, byte[] file, string name)
    {
        try
        {
            await using IAudioReader reader = await decoder.OpenAsync(new MemoryStream(file), new RecordingHints { Name = name }, Reading.Token);
            float[] room = new float[64 * 1024];
            while (await reader.ReadAsync(room, Reading.Token) is > 0 and int samples)
            {
                if (Array.FindIndex(room, 0, samples, float.IsNaN) >= 0)
                    throw new InvalidDataException("A sample is no number.");
            }

            return true;
        }
        catch (Exception refused) when (refused is InvalidAudioException or FfmpegMissingException)
        {
            return false;
        }
    }

    // The parts that only look at bytes on their way to ffmpeg.
    private static async Task WalkAsync(byte[] file)
    {
        OggPageWalker pages = new();
        VocBlockWalker blocks = new();
        foreach (ReadOnlyMemory<byte> part in file.Chunk(10_007).Select(part => part.AsMemory()))
        {
            Assert.InRange(pages.Walk(part.Span, part.Span), 0, part.Length);
            blocks.Append(part.Span);
        }

        BufferedInput input = new(new MemoryStream(file));
        MpegHoles holes = new();
        while (await input.FillAsync(MpegFrames.HeaderBytes, Reading.Token))
        {
            int walked = holes.Walk(input.Buffered.Span, input.Buffered.Span);
            bool isAtHole = walked < input.Buffered.Length;
            input.Advance(walked);
            if (isAtHole)
                await holes.SkipAsync(input, Reading.Token);
        }

        using Stream content = file.AsMemory().AsStream();
        Assert.All(Mp4Tracks.Find(content).Tracks, track => Assert.True(track.Seconds is null or > 0));
        Assert.True(Mp3Info.Find(file)?.Samples is null or > 0);
        MatroskaLayout.HasLateTracks(file);
        TransportStream.FindPacketBytes(file);
        foreach (FfmpegFormat format in FfmpegFormat.All)
            DeclaredLength.Find(format, file);
    }

    // Heads and headers hold what readers believe: half of the changes go there.
    private static byte[] Mutate(byte[] content, Random random)
    {
        List<byte> file = [.. content.Length > 100_000 ? content[..100_000] : content];
        for (int changes = random.Next(1, 6); changes > 0 && file.Count > 16; changes--)
        {
            int at = random.Next(random.Next(2) == 0 ? Math.Min(file.Count, 128) : file.Count);
            byte[] interesting = s_interesting[random.Next(s_interesting.Length)];
            int way = random.Next(6);
            if (Fuzzing.TryChangeInPlace(file, at, way, interesting, random))
                continue;
            switch (way)
            {
                case 3:
                    file.RemoveRange(at, Math.Min(random.Next(1, 64), file.Count - at));
                    break;
                case 4:
                    file.InsertRange(at, interesting);
                    break;
                default:
                    file.RemoveRange(at, random.Next(8) == 0 ? file.Count - at : 0);
                    break;
            }
        }

        byte[] changed = [.. file];
        if (random.Next(8) == 0)
        {
            int hole = random.Next(changed.Length + 1);
            changed.AsSpan(hole, random.Next(changed.Length - hole + 1)).Clear();
        }

        return changed;
    }
}
