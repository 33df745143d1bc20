using System.Diagnostics;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

/// <summary>Does something just before a request is sent to an account, once, while whoever sends it waits.</summary>
/// <remarks>The HTTP client tells that it is about to send within the sender's own call.</remarks>
internal sealed class BeforeRequest : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string Starting = "System.Net.Http.HttpRequestOut.Start";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5); // for a machine that is busy

    private readonly string _account;
    private readonly Func<HttpMethod, string, bool> _isMeant;
    private readonly Func<Task> _work;
    private readonly List<IDisposable> _subscriptions = [];
    private int _done;

    /// <param name="account">The account.</param>
    /// <param name="isMeant">Tells by method and path, which begins behind the account's name, which request.</param>
    /// <param name="work">What to do.</param>
    public BeforeRequest(StorageAccount account, Func<HttpMethod, string, bool> isMeant, Func<Task> work)
    {
        _account = $"/{account.ConnectionString.Split("AccountName=")[1].Split(';')[0]}/";
        (_isMeant, _work) = (isMeant, work);
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    /// <summary>Whether there was such a request.</summary>
    public bool IsDone => _done > 0;

    /// <summary>What went wrong.</summary>
    public Exception? Error { get; private set; }

    public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "HttpHandlerDiagnosticListener")
            _subscriptions.Add(value.Subscribe(this, (name, _, _) => name.StartsWith("System.Net.Http.HttpRequestOut", StringComparison.Ordinal)));
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != Starting || value.Value?.GetType().GetProperty("Request")?.GetValue(value.Value) is not HttpRequestMessage request)
            return;
        string path = request.RequestUri!.PathAndQuery;
        if (!path.StartsWith(_account, StringComparison.Ordinal) || !_isMeant(request.Method, path[_account.Length..])
            || Interlocked.Exchange(ref _done, 1) > 0)
            return;
        using var ended = new ManualResetEventSlim();
        _ = Task.Run(async () =>
        {
            try
            {
                await _work();
            }
            catch (Exception error)
            {
                Error = error;
            }
            finally
            {
                ended.Set();
            }
        });
        if (!ended.Wait(s_patience, TestContext.Current.CancellationToken))
            Error = new TimeoutException("It did not end.");
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error) => Error = error;
}
