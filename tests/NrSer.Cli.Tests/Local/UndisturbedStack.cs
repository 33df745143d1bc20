using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Tests.Local;

/// <summary>A stack that nobody kills. It idles most of the time, and so looks for work at its usual pace.</summary>
public sealed class UndisturbedStack : IAsyncLifetime
{
    private readonly Stack _stack = new(KillTests.ShortChunks);

    internal Stack Stack => _stack;

    public async ValueTask InitializeAsync() => await _stack.StartAsync();

    public ValueTask DisposeAsync() => _stack.DisposeAsync();

    /// <summary>Works on a recording to its end, under a name of its own content.</summary>
    internal async Task<Recording> RunAsync(string name, byte[] content)
    {
        await _stack.DropAsync(name, content);
        return await _stack.EndedAsync(name);
    }
}
