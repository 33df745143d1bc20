using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Testing;

namespace NrSer.Core.Tests.Models.Weights;

/// <summary>
/// Checkpoints, changed a little: whatever becomes of them is read or refused. A safetensors file and a PyTorch archive are changed as they stand,
/// which the archive's checksums mostly notice, and the pickle before it is put into one. <c>NRSER_FUZZ_RUNS</c>, <c>NRSER_FUZZ_SECONDS</c> and
/// <c>NRSER_FUZZ_SEED</c> as for recordings.
/// </summary>
public sealed class CheckpointFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int DefaultRuns = 3_000;

    private static readonly Dictionary<string, long[]> s_shapes = new() { ["a.weight"] = [2, 3], ["a.bias"] = [3], ["b"] = [1, 2, 2] };
    private static readonly (byte[] Pickle, IReadOnlyList<byte[]> Storages) s_pickled = SeededCheckpoint.Pickled(s_shapes);

    // Instructions that the reader knows, since others end a file at once; lengths and numbers that lie; names that are looked for.
    private static readonly byte[][] s_interesting =
    [
        .. "}])(NKMJGXUqrhjtaesucRbQ."u8.ToArray().Select(code => new[] { code }), [0x88], [0x8a, 8], [0x8c], [0x93], [0x94], [0x95], [0x85], [0x87],
        [0, 0, 0, 0], [255, 255, 255, 255], [255, 255, 255, 127], [0, 0, 0, 128], [255, 255, 255, 255, 255, 255, 255, 127],
        [0, 0, 0, 0, 0, 0, 0, 128], [.. "torch\nFloatStorage\n"u8], [.. "ctorch\nHalfStorage\n"u8], [.. "ctorch._utils\n_rebuild_parameter\n"u8],
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-checkpoints");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Open_AnyChange_ReadsOrRefuses()
    {
        byte[] safetensors = SeededCheckpoint.Safetensors(s_shapes), archive = SeededCheckpoint.PyTorch(s_pickled.Pickle, s_pickled.Storages);
        (string Name, int Read, int Refused)[] kinds = [("safetensors", 0, 0), ("archive", 0, 0), ("pickle", 0, 0)];
        foreach (int seed in Fuzzing.Seeds("NRSER_FUZZ_RUNS", DefaultRuns, Fuzzing.AtLeast, Fuzzing.FirstSeed))
        {
            var random = new Random(seed);
            int kind = random.Next(kinds.Length);
            byte[] file = kind switch
            {
                0 => Mutate(safetensors, random),
                1 => Mutate(archive, random),
                _ => SeededCheckpoint.PyTorch(Mutate(s_pickled.Pickle, random), s_pickled.Storages),
            };
            try
            {
                if (IsRead(file))
                    kinds[kind].Read++;
                else
                    kinds[kind].Refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {seed}, {kinds[kind].Name}: {error}");
            }
        }

        output.WriteLine($"{kinds.Sum(kind => kind.Read + kind.Refused)} runs from seed {Fuzzing.FirstSeed}: "
            + string.Join(", ", kinds.Select(kind => $"{kind.Name} {kind.Read} read and {kind.Refused} refused")));
        Assert.All(kinds, kind => Assert.InRange(kind.Read, 1, kind.Read + kind.Refused - 1));
    }

    private bool IsRead(byte[] content)
    {
        string path = Path.Combine(_folder.FullName, "checkpoint");
        File.WriteAllBytes(path, content);
        try
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            foreach (StoredTensor tensor in checkpoint.Tensors.Values.Where(tensor => tensor.Type <= StoredType.F64))
                checkpoint.Read(tensor).Dispose();
            return true;
        }
        catch (ModelException)
        {
            return false;
        }
    }

    private static byte[] Mutate(byte[] content, Random random)
    {
        List<byte> file = [.. content];
        for (int changes = random.Next(1, 4); changes > 0 && file.Count > 16; changes--)
        {
            int at = random.Next(file.Count), length = Math.Min(random.Next(1, 24), file.Count - at);
            byte[] interesting = s_interesting[random.Next(s_interesting.Length)];
            int way = random.Next(6);
            if (Fuzzing.TryChangeInPlace(file, at, way, interesting, random))
                continue;
            switch (way)
            {
                case 3:
                    file.InsertRange(at, interesting);
                    break;
                case 4:
                    file.InsertRange(random.Next(file.Count), file.GetRange(at, length));
                    break;
                default:
                    file.RemoveRange(at, random.Next(8) == 0 ? file.Count - at : length);
                    break;
            }
        }

        return [.. file];
    }
}
