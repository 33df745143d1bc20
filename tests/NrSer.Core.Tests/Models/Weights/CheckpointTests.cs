using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Testing;

namespace NrSer.Core.Tests.Models.Weights;

public sealed class CheckpointTests : IDisposable
{
    private static readonly Dictionary<string, long[]> s_shapes = new() { ["a.weight"] = [2, 3], ["a.bias"] = [3], ["b"] = [1, 2, 2] };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-checkpoints");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_OfEitherForm_GivesNamesShapesAndValues(bool pickled)
    {
        using Checkpoint checkpoint = Open(pickled ? SeededCheckpoint.PyTorch(s_shapes) : SeededCheckpoint.Safetensors(s_shapes));
        Assert.Equal(s_shapes.Keys.Order(), checkpoint.Tensors.Keys.Order());
        foreach ((string name, long[] shape) in s_shapes)
        {
            Assert.Equal(shape, checkpoint.Tensors[name].Shape);
            using MemoryOwner<float> values = checkpoint.Read(checkpoint.Tensors[name]);
            Assert.Equal(SeededCheckpoint.Values(name, shape), values.Span.ToArray());
        }
    }

    [Theory]
    [InlineData("F16", 2, 0x3C00UL, 1f)]
    [InlineData("BF16", 2, 0x3FC0UL, 1.5f)]
    [InlineData("F64", 8, 0x4000000000000000UL, 2f)]
    public void Read_OfOtherFloats_GivesSingles(string type, int bytes, ulong bits, float expected)
    {
        byte[] values = BitConverter.GetBytes(bits)[..bytes];
        using Checkpoint checkpoint = Open(Header($$$"""{"x":{"dtype":"{{{type}}}","shape":[],"data_offsets":[0,{{{bytes}}}]}}""", values));
        using MemoryOwner<float> read = checkpoint.Read(checkpoint.Tensors["x"]);
        Assert.Equal([expected], read.Span.ToArray());
    }

    [Fact]
    public void Read_OfAColumnWithinAStorage_FollowsItsStrides()
    {
        byte[] pickle = new PickleWriter().BeginDictionary().Text("x").Tensor("FloatStorage", "0", 8, 1, [2, 3], [1, 2]).EndDictionary().ToArray();
        float[] storage = [0, 1, 2, 3, 4, 5, 6, 7];
        using Checkpoint checkpoint = Open(SeededCheckpoint.PyTorch(pickle, [MemoryMarshal.AsBytes(storage.AsSpan()).ToArray()]));
        using MemoryOwner<float> read = checkpoint.Read(checkpoint.Tensors["x"]);
        Assert.Equal([1, 3, 5, 2, 4, 6], read.Span.ToArray());
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 8)] // does not fill its place
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8)] // bytes that nobody owns
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8)] // a gap
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8)] // overlap
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4)] // cut off
    [InlineData("""{"x":{"dtype":"F32","shape":[-1],"data_offsets":[4,0]}}""", 4)]
    [InlineData("""{"x":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0)] // 2^62 · 4 = 0 in 64 bits
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775804,9223372036854775808]}}""", 4)]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4)]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4)] // twice
    [InlineData("""{"x":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}}""", 1)]
    [InlineData("""{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"x":{"shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"x":[0,4]}""", 4)]
    [InlineData("[]", 0)]
    [InlineData("{", 0)]
    public void Open_SafetensorsThatLie_AreRefused(string header, int valueBytes) => Refused(Header(header, new byte[valueBytes]));

    [Theory]
    [InlineData(0x8000000000000000)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1)]
    [InlineData(1000)]
    public void Open_SafetensorsWithALyingLength_AreRefused(ulong length)
    {
        byte[] file = SeededCheckpoint.Safetensors(s_shapes);
        BitConverter.TryWriteBytes(file, length);
        Refused(file);
    }

    [Fact]
    public void Read_OfValuesThatAreNoNumbers_IsRefused()
    {
        using Checkpoint checkpoint = Open(Header("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", BitConverter.GetBytes(float.NaN)));
        Assert.Contains("finite", Assert.Throws<ModelException>(() => checkpoint.Read(checkpoint.Tensors["x"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_tensor")]
    [InlineData("collections", "OrderedDict ")]
    public void Open_PickleThatNamesAnythingElse_IsRefusedWithTheName(string module, string name)
    {
        byte[] pickle = new PickleWriter().BeginDictionary().Text("x").Global(module, name).Text("touch /tmp/x").Raw(0x85, (byte)'R').EndDictionary()
            .ToArray();
        Assert.Contains($"{module}.{name}".Trim(), Refused(SeededCheckpoint.PyTorch(pickle, [])), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EveryInstructionThatIsNotNeeded_IsRefused()
    {
        byte[] known = [0x80, 0x95, .. "}])(NKMJGXUqrhjtaesucRbQ."u8, 0x88, 0x89, 0x8a, 0x8c, 0x94, 0x85, 0x86, 0x87, 0x93];
        foreach (byte code in Enumerable.Range(0, 256).Select(value => (byte)value).Except(known))
            Assert.Contains($"0x{code:x2}", Refused(SeededCheckpoint.PyTorch(new PickleWriter().Raw(code).ToArray(), [])), StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[]> LyingPickles()
    {
        const string F = "FloatStorage";
        var found = new TheoryData<string, byte[]>();
        Add("larger than its storage", Of(F, "0", 4, 0, [5], [1]));
        Add("larger than its entry", Of(F, "0", 1000, 0, [1000], [1]));
        Add("behind its storage", Of(F, "0", 4, 4, [1], [1]));
        Add("before its storage", Of(F, "0", 4, -1, [1], [1]));
        Add("strides of 2^62", Of(F, "0", 4, 0, [2], [1L << 62]));
        Add("negative strides", Of(F, "0", 4, 3, [2], [-1]));
        Add("an axis of 2^63 - 1", Of(F, "0", 4, 0, [long.MaxValue, 2], [0, 0]));
        Add("a little repeated endlessly", Of(F, "0", 4, 0, [1 << 30], [0]));
        Add("a little repeated often", Of(F, "0", 1 << 26, 0, [1 << 26], [0]));
        Add("a storage that is not there", Of(F, "7", 4, 0, [4], [1]));
        Add("a storage elsewhere", Of(F, "../../x", 4, 0, [4], [1]));
        Add("an unknown storage", Of("QUInt8Storage", "0", 4, 0, [4], [1]));
        Add("fewer strides than axes", Of(F, "0", 4, 0, [2, 2], [1]));
        Add("nothing on the stack", new PickleWriter().Raw((byte)'R', (byte)'.').ToArray());
        Add("no end", new PickleWriter().BeginDictionary().ToArray());
        Add("a text of 4 GiB", new PickleWriter().Raw((byte)'X', 255, 255, 255, 255).ToArray());
        Add("a list", new PickleWriter().Raw((byte)']', (byte)'.').ToArray());
        Add("an empty dictionary", new PickleWriter().Raw((byte)'}', (byte)'.').ToArray());
        Add("a dictionary of others", new PickleWriter().Raw((byte)'}').Text("state").Raw((byte)'}', (byte)'s', (byte)'.').ToArray());
        Add("a dictionary within itself", new PickleWriter().Raw((byte)'}', (byte)'q', 0).Text("x").Raw((byte)'h', 0, (byte)'s', (byte)'.')
            .ToArray());
        Add("a state of a tensor's own", new PickleWriter().BeginDictionary().Text("x").Tensor(F, "0", 4, 0, [4], [1])
            .Raw((byte)'}', (byte)'b').EndDictionary().ToArray());
        return found;

        void Add(string name, byte[] pickle) => found.Add(name, pickle);

        static byte[] Of(string type, string key, long values, long first, long[] shape, long[] strides) =>
            new PickleWriter().BeginDictionary().Text("x").Tensor(type, key, values, first, shape, strides).EndDictionary().ToArray();
    }

    [Theory]
    [MemberData(nameof(LyingPickles))]
    public void Open_PickleThatLies_IsRefused(string what, byte[] pickle)
    {
        Assert.NotEmpty(what);
        Refused(SeededCheckpoint.PyTorch(pickle, [new byte[16]]));
    }

    [Fact]
    public void Open_PackedValues_AreRefused()
    {
        byte[] pickle = new PickleWriter().BeginDictionary().Text("x").Tensor("FloatStorage", "0", 1 << 20, 0, [1 << 20], [1]).EndDictionary()
            .ToArray();
        Refused(SeededCheckpoint.PyTorch(pickle, [new byte[4 << 20]], CompressionLevel.SmallestSize));
    }

    [Fact]
    public void Open_FormFromBeforePyTorch16_SaysHowToConvert() =>
        Assert.Contains("torch.save(torch.load(", Refused([0x80, 2, 0x8a, 10]), StringComparison.Ordinal);

    [Fact]
    public void Open_TorchScript_IsRefusedByName()
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            archive.CreateEntry("a/data.pkl");
            archive.CreateEntry("a/constants.pkl");
        }

        Assert.Contains("TorchScript", Refused(file.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfAChangedValueInAnArchive_IsRefused()
    {
        byte[] file = SeededCheckpoint.PyTorch(s_shapes);
        byte[] stored = MemoryMarshal.AsBytes(SeededCheckpoint.Values("a.weight", [2, 3]).AsSpan()).ToArray();
        file[file.AsSpan().IndexOf(stored)] ^= 1;
        using Checkpoint checkpoint = Open(file);
        Assert.Contains("checksum", Assert.Throws<ModelException>(() => checkpoint.Read(checkpoint.Tensors["a.weight"])).Message,
            StringComparison.Ordinal);
    }

    private static byte[] Header(string json, byte[] values) => SeededCheckpoint.Safetensors(Encoding.UTF8.GetBytes(json), values);

    private Checkpoint Open(byte[] content)
    {
        string path = Path.Combine(_folder.FullName, "checkpoint");
        File.WriteAllBytes(path, content);
        return Checkpoint.Open(path);
    }

    private string Refused(byte[] content) => Assert.Throws<ModelException>(() => Open(content).Dispose()).Message;
}
