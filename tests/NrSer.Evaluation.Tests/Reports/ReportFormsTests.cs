using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Tests.Reports;

public sealed class ReportFormsTests
{
    private readonly Report _report = new("Snr", ["a@1.0"])
    {
        Notes = { "Two clips." },
        Tables = { new ReportTable("By SNR", ["SNR", "a|b"], [["0 dB", "0.500"]]) },
        Claims = { Claim.AtLeast("It rises", new Interval(0.5, double.NaN, double.NaN, 3), 0.1) },
        Charts = { new ReportChart("mean", "S", "dB", "S", new Dictionary<string, (double, double)[]> { ["all"] = [(0, 1), (1, double.NaN)] }) },
    };

    [Fact]
    public void Markdown_OfEverything_IsASection() => Assert.Equal(
        """
        ### Snr

        `a@1.0`. Two clips.

        **By SNR**

        | SNR | a\|b |
        | --- | --- |
        | 0 dB | 0.500 |

        - It rises: **not shown**, 0.500 (n = 3)
        """,
        ReportMarkdown.Write(_report));

    [Fact]
    public void Json_OfEverything_HasNullForWhatCouldNotBeComputed() => Assert.Equal(
        """
        {
          "experiment": "Snr",
          "models": [
            "a@1.0"
          ],
          "notes": [
            "Two clips."
          ],
          "claims": [
            {
              "claim": "It rises",
              "verdict": "not shown",
              "value": 0.5,
              "low": null,
              "high": null
            }
          ],
          "tables": [
            {
              "title": "By SNR",
              "columns": [
                "SNR",
                "a|b"
              ],
              "rows": [
                [
                  "0 dB",
                  "0.500"
                ]
              ]
            }
          ]
        }
        """,
        ReportJson.Write(_report));

    [Fact]
    public void Draw_AGapInTheLine_StillMakesAPicture()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("nrser-evaluation-tests-");
        try
        {
            _report.Draw(new DirectoryInfo(Path.Combine(folder.FullName, "charts")));
            byte[] picture = File.ReadAllBytes(Path.Combine(folder.FullName, "charts", "mean.png"));
            Assert.Equal("PNG"u8, picture.AsSpan(1, 3));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
