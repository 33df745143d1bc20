using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>A package that is found to be weak overnight, in a restore with the properties of this repository.</summary>
public sealed class AdvisoryTests : IAsyncLifetime
{
    private const string Package = "NrSer.Tests.Weak";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-advisory-");
    private WebApplication? _advisories;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _advisories = builder.Build();
        // learn.microsoft.com, NuGet Server API, VulnerabilityInfo
        _advisories.MapGet("/index.json", (HttpRequest request) => Json(
            $$"""{"version":"3.0.0","resources":[{"@id":"http://{{request.Host}}/pages.json","@type":"VulnerabilityInfo/6.7.0"}]}"""));
        _advisories.MapGet("/pages.json", (HttpRequest request) => Json(
            $$"""[{"@name":"base","@id":"http://{{request.Host}}/page.json","@updated":"2026-01-01T00:00:00Z"}]"""));
        _advisories.MapGet("/page.json", () => Json(
            $$"""{"{{Package.ToLowerInvariant()}}":[{"url":"https://example.org/advisory","severity":2,"versions":"(, 2.0.0)"}]}"""));
        await _advisories.StartAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _advisories!.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    // A deployment builds its images on the day it is made: what was built yesterday must build today, with a word about it.
    [Fact]
    public async Task Restore_WeakPackage_IsSaidAndGoesOn()
    {
        Write("NuGet.config", $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Path("packages")}" /></config>
              <fallbackPackageFolders><clear /><add key="restored" value="{Metadata("Packages")}" /></fallbackPackageFolders>
              <packageSources><clear /><add key="here" value="{_folder.FullName}" /></packageSources>
              <auditSources>
                <clear />
                <add key="advisories" value="{_advisories!.Urls.Single()}/index.json" allowInsecureConnections="true" />
              </auditSources>
            </configuration>
            """);
        Write("weak.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <ItemGroup><PackageReference Include="{Package}" VersionOverride="1.0.0" /></ItemGroup>
            </Project>
            """);
        foreach (string props in new[] { "Directory.Build.props", "Directory.Packages.props" })
            File.Copy(System.IO.Path.Combine(AppContext.BaseDirectory, "build", props), Path(props));
        Pack();

        (int code, string said) = await RestoreAsync();
        Assert.Contains("warning NU1903", said, StringComparison.Ordinal);
        Assert.True(code == 0, said);
        (code, said) = await RestoreAsync("-p:WarningsNotAsErrors="); // so this is what keeps it from being an error
        Assert.Contains("error NU1903", said, StringComparison.Ordinal);
        Assert.NotEqual(0, code);
    }

    private static IResult Json(string text) => Results.Content(text, "application/json");

    private static string Metadata(string key) =>
        typeof(AdvisoryTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;

    private void Pack()
    {
        using ZipArchive package = ZipFile.Open(Path($"{Package}.1.0.0.nupkg"), ZipArchiveMode.Create);
        using var writer = new StreamWriter(package.CreateEntry($"{Package}.nuspec").Open());
        writer.Write($"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
              <metadata><id>{Package}</id><version>1.0.0</version><authors>NrSer</authors><description>Weak.</description></metadata>
            </package>
            """);
    }

    private string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    private void Write(string name, string text) => File.WriteAllText(Path(name), text);

    private async Task<(int Code, string Said)> RestoreAsync(params string[] properties)
    {
        var start = new ProcessStartInfo("dotnet", ["restore", Path("weak.csproj"), "--force", "--nologo", .. properties])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.FullName,
        };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Stop), errors = process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        return (process.ExitCode, await output + await errors);
    }
}
