namespace NrSer.Core.Tests.Audio;

/// <summary>Gives some bytes and then fails like a network.</summary>
internal sealed class FailingStream(byte[] content, int soundBytes) : ForwardStream(content[..soundBytes])
{
    public const string Message = "The connection was lost.";

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = Read(buffer.Span);
        return count > 0 ? ValueTask.FromResult(count) : throw new IOException(Message);
    }
}
