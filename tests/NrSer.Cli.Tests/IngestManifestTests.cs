using System.Text;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Uploads;

namespace NrSer.Cli.Tests;

public sealed class IngestManifestTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public IngestManifestTests() => _scratch.Write("talks/one.wav", "RIFF"u8);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Read_EveryColumn_SaysAllOfIt()
    {
        IngestManifest manifest = Read(
            "Path,URL,name,recordedAt,tags,speaker",
            "talks/one.wav,,2020/eins.wav,2020-04-01,\"Größe; radio, Radio\",Ada",
            ",https://example.org/a%20show/two.mp3?token=1,,2020-04-02T09:30:00+02:00,,");

        Assert.Empty(manifest.Wrong);
        Assert.Equal(["speaker"], manifest.Unused);
        Assert.Equal([("2020/eins.wav", 2L, true), ("two.mp3", 3L, false)],
            manifest.Recordings.Select(recording => (recording.BlobName, recording.Line!.Value, recording.File is not null)));
        Assert.Equal(("2020-04-01T00:00:00.0000000Z", "Gr%C3%B6%C3%9Fe, radio"),
            (manifest.Recordings[0].About[UploadMetadata.RecordedAt], manifest.Recordings[0].About[UploadMetadata.Tags]));
        Assert.Equal("2020-04-02T07:30:00.0000000Z", Assert.Single(manifest.Recordings[1].About).Value);
        Assert.DoesNotContain("token", manifest.Recordings[1].Place, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("path", ",,,,")]
    [InlineData("path", "talks/two.wav,,,,")]
    [InlineData("path", "talks,,,,")]
    [InlineData("url", "talks/one.wav,https://example.org/a.mp3,,,")]
    [InlineData("url", ",ftp://example.org/a.mp3,,,")]
    [InlineData("url", ",a.mp3,,,")]
    [InlineData("name", ",https://example.org/,,,")]
    [InlineData("name", ",https://example.org/aB3dE5fG7hI9jK1lM3nO5pQ7,,,")] // what may be a secret is no name
    [InlineData("name", "talks/one.wav,,../one.wav,,")]
    [InlineData("name", "talks/one.wav,,/one.wav,,")]
    [InlineData("name", "talks/one.wav,,taken.wav,,")]
    [InlineData("recordedAt", "talks/one.wav,,one.wav,01/02/2020,")]
    [InlineData("recordedAt", "talks/one.wav,,one.wav,2020-02-30,")]
    [InlineData(null, "talks/one.wav,,one.wav,2020-02-03,a,b")]
    [InlineData(null, "talks/one.wav,,one.wav")]
    [InlineData(null, "\"talks/one.wav,,one.wav,2020-02-03,a")]
    [InlineData(null, "talks/one.wav,,\"one\".wav,2020-02-03,a")]
    public void Read_RowThatIsWrong_NamesLineAndColumnAndLosesNoOther(string? column, string row)
    {
        IngestManifest manifest = Read("path,url,name,recordedAt,tags", "talks/one.wav,,taken.wav,,", row, "talks/one.wav,,last.wav,,");

        Assert.Equal((3, column), (Assert.Single(manifest.Wrong).Line, manifest.Wrong[0].Column));
        Assert.Equal(["taken.wav", "last.wav"], manifest.Recordings.Select(recording => recording.BlobName));
    }

    [Theory]
    [InlineData("neither a column path")]
    [InlineData("neither a column path", "name,tags", "a,b")]
    [InlineData("the column path twice", "path,Path", "a,b")]
    public void Read_HeaderThatIsWrong_IsRefused(string says, params string[] lines) =>
        Assert.Contains(says, Assert.Throws<UsageException>(() => Read(lines)).Message, StringComparison.Ordinal);

    private IngestManifest Read(params string[] lines) =>
        IngestManifest.Read(new FileInfo(_scratch.Write("files.csv", Encoding.UTF8.GetBytes(string.Join('\n', lines)))));
}
