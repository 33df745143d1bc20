using NrSer.Emulator;

namespace NrSer.Testing;

/// <summary>One storage emulator for all tests, with an account for each: none sees another's rows.</summary>
public sealed class StorageEmulator : IAsyncLifetime
{
    private const int Accounts = 1000;
    private const string Key = "a2V5"; // nobody else can reach the emulator
    private const string DefaultAccount = "devstoreaccount1";

    private AzuriteProcess? _azurite;
    private int _used;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string script =
            await AzuriteInstallation.EnsureAsync(note => TestContext.Current.SendDiagnosticMessage(note), TestContext.Current.CancellationToken);
        string accounts = string.Join(';', Enumerable.Range(0, Accounts).Select(number => $"{NameOf(number)}:{Key}"));
        string name = $"nrser-tests-{Environment.ProcessId}";
        _azurite = await AzuriteProcess.StartInMemoryAsync(script, name, accounts, TestContext.Current.CancellationToken);
    }

    /// <summary>Connects to an account that no one has used.</summary>
    public string NextAccount()
    {
        int number = Interlocked.Increment(ref _used) - 1;
        if (number >= Accounts)
            throw new InvalidOperationException($"All {Accounts} accounts are used: it needs more.");
        string name = NameOf(number);
        string[] settings = _azurite!.ConnectionString.Replace($"/{DefaultAccount}", $"/{name}", StringComparison.Ordinal).Split(';');
        return string.Join(';', settings.Select(setting => setting.Split('=', 2)[0] switch
        {
            "AccountName" => $"AccountName={name}",
            "AccountKey" => $"AccountKey={Key}",
            _ => setting,
        }));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
            await _azurite.DisposeAsync();
    }

    private static string NameOf(int number) => $"account{number}";
}
