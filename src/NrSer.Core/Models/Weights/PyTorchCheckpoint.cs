using System.IO.Compression;
using System.IO.Hashing;

namespace NrSer.Core.Models.Weights;

/// <summary>
/// A PyTorch file as <c>torch.save</c> writes it since version 1.6: a zip archive of a pickle that names tensors, and one entry of raw values a
/// storage. The pickle is read by <see cref="StateDictReader"/>, which knows what a state dict is made of and refuses everything else.
/// </summary>
internal sealed class PyTorchCheckpoint : Checkpoint
{
    private const int MostPickleBytes = 4 * 1024 * 1024; // of 400 tensors: 60 kB
    private const int MostEntries = 100_000;

    private readonly ZipArchive _archive;
    private readonly string _root;

    public PyTorchCheckpoint(string path, FileStream file)
        : base(path)
    {
        try
        {
            _archive = new ZipArchive(file, ZipArchiveMode.Read);
            if (_archive.Entries.Count > MostEntries)
                throw new ModelException($"{path} is no state dict: it has {_archive.Entries.Count} entries.");
            if (_archive.Entries.Any(entry => entry.Name == "constants.pkl"))
                throw new ModelException($"{path} is a TorchScript archive, which holds code; a state dict is needed.");
            if (_archive.Entries.Where(entry => entry.FullName.Split('/') is [_, "data.pkl"]).ToArray() is not [var pickle])
                throw new ModelException($"{path} is no PyTorch file: it has no data.pkl, or more than one.");
            _root = pickle.FullName[..^"data.pkl".Length];
            if (_archive.GetEntry($"{_root}byteorder") is { } order && Encoding(ReadWhole(order, 16)) != "little")
                throw new ModelException($"{path} was written by a machine of another byte order.");
            Tensors = new StateDictReader(path, ReadWhole(pickle, MostPickleBytes)).Read();
            foreach (StoredTensor tensor in Tensors.Values)
                Check(tensor);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or NotSupportedException)
        {
            throw new ModelException($"{path} is a damaged PyTorch file: {error.Message}", error);
        }
    }

    protected override void Dispose(bool disposing) => _archive.Dispose();

    private protected override void ReadStorage(StoredTensor tensor, Span<byte> bytes)
    {
        ZipArchiveEntry entry = EntryOf(tensor);
        using Stream stream = entry.Open();
        var checksum = new Crc32();
        Span<byte> scratch = stackalloc byte[4096];
        for (long before = tensor.First * BytesOf(tensor.Type); before > 0;)
        {
            int read = stream.Read(scratch[..(int)Math.Min(scratch.Length, before)]);
            if (read == 0)
                throw new EndOfStreamException("The archive ends early.");
            checksum.Append(scratch[..read]);
            before -= read;
        }

        stream.ReadExactly(bytes);
        checksum.Append(bytes);
        for (int read; (read = stream.Read(scratch)) > 0;)
            checksum.Append(scratch[..read]);
        if (checksum.GetCurrentHashAsUInt32() != entry.Crc32)
            throw new InvalidDataException("its checksum does not hold.");
    }

    private static string Encoding(byte[] text) => System.Text.Encoding.ASCII.GetString(text).Trim();

    private static byte[] ReadWhole(ZipArchiveEntry entry, int mostBytes)
    {
        if (entry.Length > mostBytes || entry.CompressedLength != entry.Length)
            throw new InvalidDataException($"{entry.FullName} is packed, or has {entry.Length} bytes where at most {mostBytes} make sense.");
        byte[] content = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(content);
        if (Crc32.HashToUInt32(content) != entry.Crc32)
            throw new InvalidDataException($"the checksum of {entry.FullName} does not hold.");
        return content;
    }

    /// <summary>Values are stored as they are: what is packed could be of any size.</summary>
    private void Check(StoredTensor tensor)
    {
        ZipArchiveEntry entry = EntryOf(tensor);
        long values = entry.Length / BytesOf(tensor.Type);
        if (entry.CompressedLength != entry.Length || tensor.First + tensor.Reach > values || tensor.Count > values)
        {
            throw new InvalidDataException(
                $"{tensor.Name} of shape [{string.Join(", ", tensor.Shape)}] is not within the {entry.Length} bytes of {entry.FullName}.");
        }
    }

    private ZipArchiveEntry EntryOf(StoredTensor tensor) => _archive.GetEntry($"{_root}data/{tensor.Storage}")
        ?? throw new InvalidDataException($"there is no storage {tensor.Storage} for {tensor.Name}.");
}
