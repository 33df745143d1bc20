using NrSer.Testing;

namespace NrSer.Benchmarks;

/// <summary>A hub on this machine, laid out like huggingface.co, to try <c>nrser models install</c> by hand.</summary>
internal static class LocalHub
{
    private const string Id = "superb/hubert-base-superb-er";

    /// <summary>Serves a checkpoint of HuBERT Base's layout with random weights until the standard input ends or says something.</summary>
    public static async Task RunAsync()
    {
        IDictionary<string, byte[]> files = SeededHubert.Files(widths: SeededHubert.Base);
        await using var hub = new HubServer();
        hub.Publish(Id, new string('a', 40), files);
        Console.WriteLine($"nrser models install hubert-base-superb-er --from {hub.Url}");
        Console.WriteLine("Enter ends it.");
        await Console.In.ReadLineAsync();
    }
}
