using System.Buffers.Binary;
using System.Text.Json;

namespace NrSer.Core.Models.Weights;

/// <summary>
/// A safetensors file: length of the header (8 bytes, little-endian), header (JSON: type, shape and place of every tensor), values. As the format
/// demands, tensors follow each other without gap or overlap and fill the file.
/// </summary>
internal sealed class SafetensorsCheckpoint : Checkpoint
{
    private const int MostHeaderBytes = 16 * 1024 * 1024; // of HuBERT Large's 400 tensors: 50 kB

    private readonly FileStream _file;
    private readonly long _valuesAt;

    public SafetensorsCheckpoint(string path, FileStream file)
        : base(path)
    {
        _file = file;
        Span<byte> length = stackalloc byte[8];
        if (file.Length < length.Length)
            throw new ModelException($"{path} is no checkpoint: it has {file.Length} bytes.");
        file.ReadExactly(length);
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        if (headerBytes is < 2 or > MostHeaderBytes || headerBytes > (ulong)(file.Length - length.Length))
        {
            throw new ModelException(
                $"{path} is neither a safetensors file nor a PyTorch archive, or it is cut off: as a header it has {headerBytes} of {file.Length} "
                + "bytes.");
        }

        byte[] header = new byte[headerBytes];
        file.ReadExactly(header);
        _valuesAt = file.Position;
        Tensors = Parse(header, file.Length - _valuesAt);
    }

    protected override void Dispose(bool disposing) => _file.Dispose();

    private protected override void ReadStorage(StoredTensor tensor, Span<byte> bytes)
    {
        _file.Position = _valuesAt + tensor.First * BytesOf(tensor.Type) + long.Parse(tensor.Storage);
        _file.ReadExactly(bytes);
    }

    private Dictionary<string, StoredTensor> Parse(byte[] header, long valueBytes)
    {
        var found = new List<(StoredTensor Tensor, long Begin, long End)>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__")
                    continue;
                long[] shape = Numbers(property.Value.GetProperty("shape"));
                if (Numbers(property.Value.GetProperty("data_offsets")) is not [var begin, var end] || StoredTensor.CountOf(shape) is not { } count)
                    throw Damaged($"shape or place of {property.Name} makes no sense");
                StoredType type = TypeOf(property.Value.GetProperty("dtype").GetString(), property.Name);
                if (begin < 0 || end > valueBytes || end - begin != count * BytesOf(type))
                {
                    throw Damaged(
                        $"{property.Name} of shape [{string.Join(", ", shape)}] cannot lie at bytes {begin} to {end} of {valueBytes}");
                }

                found.Add((new StoredTensor(property.Name, type, shape, StoredTensor.RowByRow(shape), 0, begin.ToString()), begin, end));
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new ModelException($"{Path} has a damaged header: {error.Message}", error);
        }

        long next = 0;
        foreach ((StoredTensor tensor, long begin, long end) in found.OrderBy(place => place.Begin).ThenBy(place => place.End))
        {
            if (begin != next)
                throw Damaged($"{tensor.Name} begins at byte {begin}, where {next} was due");
            next = end;
        }

        if (next != valueBytes)
            throw Damaged($"its tensors fill {next} of {valueBytes} bytes");
        return found.ToDictionary(place => place.Tensor.Name, place => place.Tensor, StringComparer.Ordinal);
    }

    private static long[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(number => number.GetInt64())];

    private StoredType TypeOf(string? name, string tensor) => name switch
    {
        "F32" => StoredType.F32,
        "F16" => StoredType.F16,
        "BF16" => StoredType.BF16,
        "F64" => StoredType.F64,
        "I64" => StoredType.I64,
        "I32" => StoredType.I32,
        "I16" => StoredType.I16,
        "I8" => StoredType.I8,
        "U8" or "BOOL" => StoredType.U8,
        _ => throw Damaged($"{tensor} is of type {name}, which is not known here"),
    };

    private ModelException Damaged(string complaint) => new($"{Path} has a damaged header: {complaint}.");
}
