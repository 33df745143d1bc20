namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>A stream that ends with an error where it gets longer than it may, or takes longer: whatever a server says of the length, however
/// well it compresses, and however slowly it comes.</summary>
/// <param name="content">The stream; stays open.</param>
/// <param name="most">Bytes that it may have.</param>
/// <param name="name">What it is, for people.</param>
/// <param name="stallLimit">How long it may give nothing.</param>
/// <param name="time">The clock.</param>
internal sealed class LimitedStream(Stream content, long most, string name, TimeSpan stallLimit, TimeProvider time) : Stream
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(30); // 100 MB at half a megabit a second

    private readonly long _begun = time.GetTimestamp();
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _read; set => throw new NotSupportedException(); }

    /// <exception cref="PodcastException">It is longer, or does not come.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var limit = new CancellationTokenSource(stallLimit, time);
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        int read;
        try
        {
            read = await content.ReadAsync(buffer, stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw PodcastException.Later($"{name} broke off: nothing came for {stallLimit.TotalSeconds:F0} s.", inner: late);
        }
        catch (Exception broken) when (broken is IOException or InvalidDataException) // the line, or what was to be unpacked
        {
            throw PodcastException.Later($"{name} broke off: {broken.Message}", inner: broken);
        }

        if (time.GetElapsedTime(_begun) > s_longest)
            throw PodcastException.Later($"{name} takes longer than {s_longest.TotalMinutes:F0} min.");
        _read += read;
        return _read <= most ? read : throw PodcastException.ForGood($"{name} is longer than {most:N0} bytes.");
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
