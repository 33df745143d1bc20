using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Api;

public sealed class ApiDocumentTests(Site site)
{
    [Fact]
    public async Task Description_IsTheApprovedOne() => Approved.Equal(
        (await site.Client.GetStringAsync(new Uri("api/v1.json", UriKind.Relative), TestContext.Current.CancellationToken)).TrimEnd() + "\n",
            "openapi.v1.json");
}
