using NrSer.Core.Audio.Input;

namespace NrSer.Cli;

/// <summary>A recording that the command line names, open for reading from front to back.</summary>
internal sealed class RecordingFile : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;
    private const string StandardInput = "-";

    private RecordingFile(Stream content, string name, string label, RecordingHints hints) =>
        (Content, Name, Label, Hints) = (content, name, label, hints);

    /// <summary>At the first byte, at first.</summary>
    public Stream Content { get; }

    /// <summary>What it is called: the file's name, or what the user said.</summary>
    public string Name { get; }

    /// <summary>The same with its path, as it was typed.</summary>
    public string Label { get; }

    /// <summary>What reading it needs to know besides.</summary>
    public RecordingHints Hints { get; }

    /// <summary>The share of it that was read, for a progress bar; 0 where that cannot be known, as with a pipe.</summary>
    public double ShareRead => Content is { CanSeek: true, Length: > 0 } ? Content.Position / (double)Content.Length : 0;

    /// <summary>Opens it.</summary>
    /// <param name="file">A file, a pipe, or <c>-</c> for standard input.</param>
    /// <param name="name">What it is called; null for the file's own name.</param>
    /// <param name="track">Which of its tracks is wanted, or null.</param>
    /// <param name="cancellationToken">Stops waiting for somebody who writes into the pipe.</param>
    /// <exception cref="UsageException">There is no such file, or it is a folder.</exception>
    public static async Task<RecordingFile> OpenAsync(FileInfo file, string? name, int? track, CancellationToken cancellationToken)
    {
        if (file.ToString() == StandardInput)
            return new(new PipeStream(Console.OpenStandardInput()), name ?? "standard input", name ?? "standard input",
                new() { Name = name, Track = track });
        if (Directory.Exists(file.FullName))
            throw new UsageException($"{file} is a folder; a recording is wanted.");
        if (!file.Exists)
        {
            throw new UsageException(file.Name.Contains('\uFFFD', StringComparison.Ordinal)
                ? $"The name of {file} is not UTF-8, and cannot be opened. Send the recording through a pipe: nrser … - --name NAME < the file"
                : $"There is no file {file}.");
        }

        Stream content = await OffThread(() => OpenFile(file), cancellationToken);
        return new(content.CanSeek ? content : new PipeStream(content), name ?? file.Name, name ?? file.ToString(),
            new() { Name = name ?? file.ToString(), Track = track });
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Content.DisposeAsync();

    private static FileStream OpenFile(FileInfo file) =>
        new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);

    // A pipe that nobody writes into keeps its reader in the kernel, where no token reaches it: that thread is left behind.
    private static Task<T> OffThread<T>(Func<T> blocking, CancellationToken cancellationToken) =>
        Task.Run(blocking, CancellationToken.None).WaitAsync(cancellationToken);

    private sealed class PipeStream(Stream pipe) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => pipe.Read(buffer, offset, count);

        // Into an array of its own: what comes after the caller has left must not reach the caller's memory.
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            byte[] block = new byte[Math.Min(buffer.Length, BufferBytes)];
            int read = await OffThread(() => pipe.Read(block), cancellationToken);
            block.AsMemory(0, read).CopyTo(buffer);
            return read;
        }

        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                pipe.Dispose();
            base.Dispose(disposing);
        }
    }
}
