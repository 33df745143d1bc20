using System.Text;

namespace NrSer.Testing;

/// <summary>Writes pickles of protocol 2, honest ones and others.</summary>
public sealed class PickleWriter
{
    private readonly List<byte> _bytes = [];

    public PickleWriter()
    {
        Raw(0x80, 2);
    }

    /// <summary>Instructions as they stand.</summary>
    public PickleWriter Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>A name of a module's.</summary>
    public PickleWriter Global(string module, string name) => Raw(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));

    /// <summary>A text.</summary>
    public PickleWriter Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Raw((byte)'X').Raw(BitConverter.GetBytes(bytes.Length)).Raw(bytes);
    }

    /// <summary>A whole number.</summary>
    public PickleWriter Number(long value) => value is >= 0 and < 256
        ? Raw((byte)'K', (byte)value)
        : Raw(0x8a, 8).Raw(BitConverter.GetBytes(value));

    /// <summary>An ordered dictionary, up to its first name.</summary>
    public PickleWriter BeginDictionary() => Global("collections", "OrderedDict").Raw((byte)')', (byte)'R', (byte)'(');

    /// <summary>Its end, its version numbers and the end of the pickle.</summary>
    public PickleWriter EndDictionary() => Raw((byte)'u', (byte)'}').Text("_metadata").Raw((byte)'}', (byte)'s', (byte)'b', (byte)'.');

    /// <summary>A tensor.</summary>
    public PickleWriter Tensor(string storageType, string key, long values, long first, long[] shape, long[] strides)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Raw((byte)'(', (byte)'(');
        Text("storage").Global("torch", storageType).Text(key).Text("cpu").Number(values).Raw((byte)'t', (byte)'Q');
        Number(first);
        Numbers(shape);
        Numbers(strides);
        return Raw(0x89).Global("collections", "OrderedDict").Raw((byte)')', (byte)'R', (byte)'t', (byte)'R');
    }

    /// <summary>The pickle.</summary>
    public byte[] ToArray() => [.. _bytes];

    private void Numbers(long[] values)
    {
        Raw((byte)'(');
        foreach (long value in values)
            Number(value);
        Raw((byte)'t');
    }
}
