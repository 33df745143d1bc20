using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Models.Weights;

/// <summary>
/// The tensors of a file: safetensors, or PyTorch's zip archive of a state dict. Nothing in a file is run, and whatever it says of itself is checked
/// before it is believed. Values are read when they are asked for, into memory of their own: a mapped file that shrinks would end the process.
/// </summary>
public abstract class Checkpoint : IDisposable
{
    // Of its own, so that what large tensors took is given back with the checkpoint.
    private readonly ArrayPool<float> _pool = ArrayPool<float>.Create((int)StoredTensor.MostValues, maxArraysPerBucket: 2);

    /// <param name="path">The file, for complaints.</param>
    private protected Checkpoint(string path)
    {
        Path = path;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What is in it, by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; private protected set; } = new Dictionary<string, StoredTensor>();

    /// <summary>Opens a file of either kind; its content decides, not its name.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelException">It is neither, or contradicts itself.</exception>
    public static Checkpoint Open(string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"The checkpoint {path} cannot be read: {error.Message}", error);
        }

        try
        {
            Span<byte> magic = stackalloc byte[4];
            int read = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
            file.Position = 0;
            return magic[..read] switch
            {
                [(byte)'P', (byte)'K', 3, 4] => new PyTorchCheckpoint(path, file),
                [0x80, >= 2 and <= 5, ..] => throw new ModelException(
                    $"{path} is a PyTorch file of the form from before version 1.6, which is not read here. Where you trust it, write it anew: "
                    + "python3 -c \"import torch; torch.save(torch.load('OLD', map_location='cpu', weights_only=True), 'NEW')\""),
                _ => new SafetensorsCheckpoint(path, file),
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor of floating-point numbers.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <returns>Its values row by row; the caller's to dispose.</returns>
    /// <exception cref="ModelException">The file has changed or is damaged, or the tensor holds whole numbers or infinite ones.</exception>
    public MemoryOwner<float> Read(StoredTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Type > StoredType.F64)
            throw new ModelException($"{Path} stores {tensor.Name} as {tensor.Type}; weights are floating-point numbers.");
        MemoryOwner<float> values = MemoryOwner<float>.Allocate(tensor.Count, _pool);
        try
        {
            if (tensor is { IsContiguous: true, Type: StoredType.F32 })
                ReadStorage(tensor, MemoryMarshal.AsBytes(values.Span));
            else
                Gather(tensor, values.Span);
            if (!TensorPrimitives.IsFiniteAll<float>(values.Span))
                throw new ModelException($"{Path} is damaged: {tensor.Name} holds values that are not finite.");
            return values;
        }
        catch (Exception error)
        {
            values.Dispose();
            if (error is IOException or InvalidDataException)
                throw new ModelException($"{Path} is damaged: {tensor.Name} cannot be read: {error.Message}", error);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Bytes of a value.</summary>
    internal static int BytesOf(StoredType type) => type switch
    {
        StoredType.F64 or StoredType.I64 => 8,
        StoredType.F32 or StoredType.I32 => 4,
        StoredType.F16 or StoredType.BF16 or StoredType.I16 => 2,
        _ => 1,
    };

    /// <summary>Frees the file.</summary>
    /// <param name="disposing">Whether it is asked for.</param>
    protected abstract void Dispose(bool disposing);

    /// <summary>Reads what of a storage a tensor reaches over, as it is stored.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="bytes">Receives it.</param>
    private protected abstract void ReadStorage(StoredTensor tensor, Span<byte> bytes);

    private void Gather(StoredTensor tensor, Span<float> values)
    {
        int bytes = (int)tensor.Reach * BytesOf(tensor.Type);
        using SpanOwner<float> raw = SpanOwner<float>.Allocate((bytes + sizeof(float) - 1) / sizeof(float), _pool);
        Span<byte> stored = MemoryMarshal.AsBytes(raw.Span)[..bytes];
        ReadStorage(tensor, stored);
        using SpanOwner<float> wide = SpanOwner<float>.Allocate((int)tensor.Reach, _pool);
        switch (tensor.Type)
        {
            case StoredType.F32:
                MemoryMarshal.Cast<byte, float>(stored).CopyTo(wide.Span);
                break;
            case StoredType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(stored), wide.Span);
                break;
            case StoredType.BF16:
                Span<uint> bits = MemoryMarshal.Cast<float, uint>(wide.Span);
                TensorPrimitives.ConvertTruncating<ushort, uint>(MemoryMarshal.Cast<byte, ushort>(stored), bits);
                TensorPrimitives.ShiftLeft<uint>(bits, 16, bits);
                break;
            default:
                TensorPrimitives.ConvertTruncating<double, float>(MemoryMarshal.Cast<byte, double>(stored), wide.Span);
                break;
        }

        if (tensor.IsContiguous)
        {
            wide.Span.CopyTo(values);
            return;
        }

        Span<int> index = stackalloc int[tensor.Shape.Count];
        long place = 0;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = wide.Span[(int)place];
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                place += tensor.Strides[axis];
                if (++index[axis] < tensor.Shape[axis])
                    break;
                place -= tensor.Strides[axis] * index[axis];
                index[axis] = 0;
            }
        }
    }
}
