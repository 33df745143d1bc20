namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>What the page's image must be, read from its Dockerfile. The public workflow runs the image.</summary>
public sealed class WebImageTests
{
    private static readonly string s_dockerfile = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "images", "web"));

    [Fact]
    public void Page_IsProcessOneWithoutRootRights_AndDecodes()
    {
        Assert.Contains("\nENTRYPOINT [\"/app/NrSer.Web\"]\n", s_dockerfile, StringComparison.Ordinal);
        Assert.Matches("\nUSER [1-9][0-9]*\n", s_dockerfile);
        Assert.Matches("(?s)apt-get install .* ffmpeg util-linux.*ffmpeg -version && prlimit --version", s_dockerfile);
        Assert.Matches("ENV .*ASPNETCORE_HTTP_PORTS=8080.* HOME=/tmp TMPDIR=/tmp", s_dockerfile);
        Assert.All(s_dockerfile.Split('\n').Where(line => line.StartsWith("ARG ", StringComparison.Ordinal)),
            line => Assert.Contains("=mcr.microsoft.com/", line, StringComparison.Ordinal));
    }
}
