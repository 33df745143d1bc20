using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace NrSer.Core.Models.Weights;

/// <summary>
/// Reads the pickle of a state dict. A pickle is a program for a stack machine; this one knows the instructions that put tensors into a dictionary,
/// and of the functions a pickle may name only those that PyTorch needs for it, which are recognised and never called.
/// </summary>
/// <param name="path">The file, for complaints.</param>
/// <param name="pickle">Its data.pkl.</param>
internal sealed class StateDictReader(string path, byte[] pickle)
{
    private static readonly Dictionary<string, StoredType> s_storages = new(StringComparer.Ordinal)
    {
        ["torch FloatStorage"] = StoredType.F32,
        ["torch HalfStorage"] = StoredType.F16,
        ["torch BFloat16Storage"] = StoredType.BF16,
        ["torch DoubleStorage"] = StoredType.F64,
        ["torch LongStorage"] = StoredType.I64,
        ["torch IntStorage"] = StoredType.I32,
        ["torch ShortStorage"] = StoredType.I16,
        ["torch CharStorage"] = StoredType.I8,
        ["torch ByteStorage"] = StoredType.U8,
        ["torch BoolStorage"] = StoredType.U8,
    };

    private static readonly object s_mark = new(), s_none = new();

    private readonly Stack<object> _stack = new();
    private readonly Dictionary<uint, object> _memo = [];
    private int _place;

    /// <summary>The tensors by name.</summary>
    /// <exception cref="ModelException">It holds anything else, or is damaged.</exception>
    public Dictionary<string, StoredTensor> Read()
    {
        int begun = 0;
        try
        {
            while (true)
            {
                begun = _place;
                byte code = Take(1)[0];
                if (code == (byte)'.')
                    return Result();
                Do(code);
            }
        }
        catch (Exception error) when (
            error is InvalidOperationException or InvalidCastException or ArgumentException or OverflowException or IndexOutOfRangeException
                or KeyNotFoundException)
        {
            throw new ModelException($"{path} is damaged: byte {begun} of its pickle makes no sense: {error.Message}", error);
        }
    }

    private void Do(byte code)
    {
        switch (code)
        {
            case 0x80: // PROTO
                if (Take(1)[0] is < 2 or > 5)
                    throw Refused("a pickle of an unknown protocol");
                break;
            case 0x95: // FRAME
                Take(8);
                break;
            case (byte)'}':
                _stack.Push(new Dictionary<string, object>(StringComparer.Ordinal));
                break;
            case (byte)']':
                _stack.Push(new List<object>());
                break;
            case (byte)')':
                _stack.Push(Array.Empty<object>());
                break;
            case (byte)'(':
                _stack.Push(s_mark);
                break;
            case (byte)'N':
                _stack.Push(s_none);
                break;
            case 0x88 or 0x89: // NEWTRUE, NEWFALSE
                _stack.Push(code == 0x88);
                break;
            case (byte)'K':
                _stack.Push((long)Take(1)[0]);
                break;
            case (byte)'M':
                _stack.Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case (byte)'J':
                _stack.Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case 0x8a: // LONG1
                _stack.Push(Long(Take(Take(1)[0])));
                break;
            case (byte)'G':
                _stack.Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'X':
                _stack.Push(Encoding.UTF8.GetString(Take(Length(4))));
                break;
            case 0x8c or (byte)'U': // SHORT_BINUNICODE, SHORT_BINSTRING
                _stack.Push(Encoding.UTF8.GetString(Take(Take(1)[0])));
                break;
            case (byte)'q':
                _memo[Take(1)[0]] = _stack.Peek();
                break;
            case (byte)'r':
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = _stack.Peek();
                break;
            case 0x94: // MEMOIZE
                _memo[(uint)_memo.Count] = _stack.Peek();
                break;
            case (byte)'h':
                _stack.Push(_memo[Take(1)[0]]);
                break;
            case (byte)'j':
                _stack.Push(_memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))]);
                break;
            case (byte)'t':
                _stack.Push(SinceMark());
                break;
            case 0x85 or 0x86 or 0x87: // TUPLE1 to TUPLE3
                _stack.Push(Last(code - 0x84));
                break;
            case (byte)'a' or (byte)'e': // APPEND, APPENDS
                object[] items = code == (byte)'a' ? Last(1) : SinceMark();
                ((List<object>)_stack.Peek()).AddRange(items);
                break;
            case (byte)'s' or (byte)'u': // SETITEM, SETITEMS
                Set(code == (byte)'s' ? Last(2) : SinceMark());
                break;
            case (byte)'c':
                _stack.Push(Known($"{Line()} {Line()}"));
                break;
            case 0x93: // STACK_GLOBAL
                object[] named = Last(2);
                _stack.Push(Known($"{(string)named[0]} {(string)named[1]}"));
                break;
            case (byte)'R':
                Reduce();
                break;
            case (byte)'b': // BUILD: state dicts carry version numbers, which mean nothing here
                if (Last(1)[0] is not Dictionary<string, object> || _stack.Peek() is not Dictionary<string, object>)
                    throw Refused("an object with a state of its own");
                break;
            case (byte)'Q':
                _stack.Push(StorageOf((object[])_stack.Pop()));
                break;
            default:
                throw Refused($"the instruction 0x{code:x2}");
        }
    }

    private Dictionary<string, StoredTensor> Result()
    {
        if (_stack.Count != 1 || _stack.Pop() is not Dictionary<string, object> { Count: > 0 } entries)
            throw Refused("no dictionary, or an empty one");
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach ((string name, object value) in entries)
        {
            tensors.Add(name, value is StoredTensor tensor ? tensor with { Name = name } : throw new ModelException(
                $"{path} is no state dict, a dictionary of names and tensors: '{name}' is none. Save the model's state_dict() alone."));
        }

        return tensors;
    }

    private void Reduce()
    {
        object[] arguments = (object[])_stack.Pop();
        switch ((Global)_stack.Pop())
        {
            case { Name: "collections OrderedDict" } when arguments.Length == 0:
                _stack.Push(new Dictionary<string, object>(StringComparer.Ordinal));
                break;
            case { Name: "torch._utils _rebuild_parameter" } when arguments is [StoredTensor tensor, ..]:
                _stack.Push(tensor);
                break;
            case { Name: "torch._utils _rebuild_tensor_v2" } when arguments is [Storage storage, long first, object[] sizes, object[] steps, ..]:
                _stack.Push(Tensor(storage, first, [.. sizes.Cast<long>()], [.. steps.Cast<long>()]));
                break;
            case var called:
                throw Refused($"a call of {called.Name.Replace(' ', '.')} in an unknown way");
        }
    }

    private static StoredTensor Tensor(Storage storage, long first, long[] shape, long[] strides)
    {
        if (StoredTensor.CountOf(shape) is null || strides.Length != shape.Length || strides.Any(stride => stride is < 0 or > int.MaxValue)
            || first is < 0 or > int.MaxValue)
        {
            throw new InvalidOperationException($"a tensor of shape [{string.Join(", ", shape)}] and strides [{string.Join(", ", strides)}]");
        }

        var tensor = new StoredTensor("", storage.Type, shape, strides, first, storage.Key);
        return tensor.Count <= storage.Values && tensor.Reach <= Math.Min(StoredTensor.MostValues, storage.Values - first)
            ? tensor
            : throw new InvalidOperationException("a tensor that is larger than its storage");
    }

    /// <summary>('storage', type, key, where it was, values).</summary>
    private Storage StorageOf(object[] parts) =>
        parts is ["storage", Global type, string key, string, long values] && s_storages.TryGetValue(type.Name, out StoredType stored)
            && key.Length is > 0 and < 20 && key.All(char.IsAsciiDigit) && values >= 0
            ? new Storage(stored, key, values)
            : throw Refused("a reference to something that is no storage");

    private Global Known(string name) =>
        name is "collections OrderedDict" or "torch._utils _rebuild_tensor_v2" or "torch._utils _rebuild_parameter" || s_storages.ContainsKey(name)
            ? new Global(name)
            : throw Refused($"the name {name.Replace(' ', '.')}");

    private void Set(object[] pairs)
    {
        var target = (Dictionary<string, object>)_stack.Peek();
        for (int i = 0; i < pairs.Length; i += 2)
            target[(string)pairs[i]] = pairs[i + 1];
    }

    private object[] SinceMark()
    {
        var found = new List<object>();
        for (object item = _stack.Pop(); item != s_mark; item = _stack.Pop())
            found.Add(item);
        found.Reverse();
        return [.. found];
    }

    private object[] Last(int count)
    {
        object[] found = new object[count];
        for (int i = count - 1; i >= 0; i--)
            found[i] = _stack.Pop();
        return found;
    }

    private static long Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long))
            throw new OverflowException("a whole number of more than 64 bits");
        long value = bytes.Length > 0 && bytes[^1] > 127 ? -1 : 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
            value = (value << 8) | bytes[i];
        return value;
    }

    private string Line()
    {
        int end = Array.IndexOf(pickle, (byte)'\n', _place);
        string line = Encoding.UTF8.GetString(Take((end < 0 ? pickle.Length : end) - _place));
        Take(1);
        return line;
    }

    private int Length(int bytes) => checked((int)BinaryPrimitives.ReadUInt32LittleEndian(Take(bytes)));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > pickle.Length - _place)
            throw new InvalidOperationException("it ends early");
        _place += count;
        return pickle.AsSpan(_place - count, count);
    }

    private ModelException Refused(string what) => new(string.Create(CultureInfo.InvariantCulture,
        $"{path} holds more than a state dict of tensors, and is refused: {what}, before byte {_place} of its pickle."));

    private sealed record Global(string Name);

    private sealed record Storage(StoredType Type, string Key, long Values);
}
