namespace NrSer.Core.Tests.Audio;

/// <summary>Gives some bytes and then waits forever.</summary>
internal sealed class StuckStream(byte[] content) : ForwardStream(content)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = Read(buffer.Span);
        if (count == 0)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        return count;
    }
}
