using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NrSer.Dashboard.Exports;
using NrSer.Dashboard.Recordings;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Api;

/// <summary>Segments in forms that other programs read.</summary>
internal static class ExportEndpoints
{
    public static void MapExports(this IEndpointRouteBuilder api) => api.MapGet("/recordings/{id}/export/{format}", ExportAsync).WithName("export")
        .WithSummary("The segments of one channel for other programs: vtt, audacity, textgrid, eaf, chapters or csv.")
        .Produces(StatusCodes.Status200OK).ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> ExportAsync(
        string id, [Description("For which program.")] string format, RecordingReader reader, RecordingStore store,
        CancellationToken cancellationToken, [Description(RecordingReader.Channel), Range(0, ParameterRules.MostChannels - 1)] int channel = 0)
    {
        Recording recording = await reader.FindAsync(id, cancellationToken).ConfigureAwait(false);
        int chosen = RecordingReader.ChannelOf(recording, channel);
        if (format == "csv")
            return SegmentEndpoints.Csv(recording, store.SegmentsAsync(recording, cancellationToken).Where(IsChosen), cancellationToken);
        ExportFormat wanted = ExportFormat.All.FirstOrDefault(known => known.Name == format) ?? throw new RefusedException(
            StatusCodes.Status404NotFound,
            $"There is no such export; there are {string.Join(", ", ExportFormat.All.Select(known => known.Name))} and csv.");
        Segment[] segments = [.. (await reader.SegmentsAsync(recording, cancellationToken).ConfigureAwait(false)).Where(IsChosen)];
        return TypedResults.File(
            Encoding.UTF8.GetBytes(wanted.Write(recording, segments)), wanted.MediaType, $"{recording.Id}{wanted.Extension}");

        bool IsChosen(Segment segment) => segment.Channel == chosen;
    }
}
