using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using NrSer.Dashboard.Security;

namespace NrSer.Dashboard.Tests;

public sealed class DashboardServerTests
{
    private static readonly IConfiguration s_nowhere = new ConfigurationBuilder().AddInMemoryCollection(
        [KeyValuePair.Create("NrSer:Storage:ConnectionString", (string?)"UseDevelopmentStorage=true")]).Build(); // nothing is asked of it

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_OnATakenPort_TakesTheNextOrSaysWhatToDo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;

        IOException refused = await Assert.ThrowsAsync<IOException>(
            () => DashboardServer.StartAsync(s_nowhere, port, mayMove: false, AccessToken.Create(), Stop));
        Assert.Contains($"Port {port} is taken", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--port", refused.Message, StringComparison.Ordinal);

        await using DashboardServer moved = await DashboardServer.StartAsync(s_nowhere, port, mayMove: true, AccessToken.Create(), Stop);
        Assert.InRange(moved.Port, port + 1, port + 19);
        Assert.Equal($"http://127.0.0.1:{moved.Port}/", new Uri(moved.Address, "/").ToString());
    }

    [Fact]
    public void Token_IsLongAndNeverTheSame()
    {
        AccessToken one = AccessToken.Create(), other = AccessToken.Create();
        Assert.Equal(32, one.Value.Length);
        Assert.NotEqual(one.Value, other.Value);
        Assert.True(one.Matches(one.Value) && one.MatchesSession(one.Session));
        Assert.False(one.Matches(other.Value) || one.Matches(null) || one.Matches("") || one.MatchesSession(one.Value) || one.Matches(one.Session));
    }
}
