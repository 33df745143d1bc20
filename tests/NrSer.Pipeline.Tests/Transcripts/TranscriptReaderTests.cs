using System.Text;
using NrSer.Pipeline.Transcripts;

namespace NrSer.Pipeline.Tests.Transcripts;

public sealed class TranscriptReaderTests
{
    private const string Vtt = """
        WEBVTT - a show

        NOTE written by hand
        and not spoken

        STYLE
        ::cue { color: red }

        1
        00:01.000 --> 00:02.500 align:start position:10%
        <v.loud Ada>Tea &amp; <i>biscuits</i>,
        please.

        01:00:00.000 --> 01:00:01.000
        The end.
        """;

    private const string Srt = """
        1
        00:00:01,000 --> 00:00:02,500
        Tea & biscuits,
        please.

        2
        01:00:00,000 --> 01:00:01,000
        The end.
        """;

    private const string Json = """
        {"version":"1.0.0","segments":[
          {"speaker":"Ada","startTime":3600,"endTime":3601,"body":"The end."},
          {"speaker":"Ada","startTime":1.0,"endTime":2.5,"body":" Tea & biscuits,\nplease."},
          {"startTime":"soon","body":"never"}, 7]}
        """;

    [Theory]
    [InlineData(Vtt)]
    [InlineData(Srt)]
    [InlineData(Json)]
    public void Read_EachForm_SaysWhatWasSaidWhen(string text)
    {
        TranscriptCue[] expected = [new(1, 2.5, "Tea & biscuits, please."), new(3600, 3601, "The end.")];
        Assert.Equal(expected, Read(text)!.Cues);
        Assert.Equal(expected, Read("\uFEFF" + text.ReplaceLineEndings("\r\n"))!.Cues);
    }

    [Fact]
    public void Read_OldSubRip_IsNotUtf8() => Assert.Equal(
        "Größe", TranscriptReader.Read(Encoding.Latin1.GetBytes("1\n00:00:01,000 --> 00:00:02,000\nGröße\n"))!.Cues[0].Text);

    [Theory]
    [InlineData("")]
    [InlineData("Tea and biscuits, please.")]
    [InlineData("<html><body>Sign in --> here</body></html>")]
    [InlineData("{\"segments\":{}}")]
    [InlineData("{\"segments\":[")]
    [InlineData("{}")]
    [InlineData("WEBVTT\n\n00:02.000 --> 00:01.000\nbackwards\n\n00:03.000 --> 00:04.000\n\n")]
    [InlineData("999:99:99.000 --> 9999:00:00.000\nnever\n")]
    [InlineData("{\"segments\":[{\"startTime\":-1,\"endTime\":1e300,\"body\":\"never\"}]}")]
    public void Read_WhatHasNoWordsWithTimes_IsNone(string text) => Assert.Null(Read(text));

    private static Transcript? Read(string text) => TranscriptReader.Read(Encoding.UTF8.GetBytes(text));
}
