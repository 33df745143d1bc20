using System.Text.RegularExpressions;
using Azure;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Core.Models;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Work;

namespace NrSer.Dashboard;

/// <summary>Errors after RFC 9457.</summary>
internal sealed partial class Problems : IExceptionHandler
{
    /// <summary>Where the API begins.</summary>
    public const string ApiRoot = "/api";

    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        await WriteAsync(httpContext, Of(exception)).ConfigureAwait(false);
        return true;
    }

    /// <summary>Whether a program asks, and not somebody who looks at a page.</summary>
    public static bool IsApi(HttpRequest request) => request.Path.StartsWithSegments(ApiRoot, StringComparison.Ordinal);

    /// <summary>Answers with a problem.</summary>
    public static Task WriteAsync(HttpContext context, int status, string detail) =>
        WriteAsync(context, new ProblemDetails { Status = status, Detail = detail });

    private static Task WriteAsync(HttpContext context, ProblemDetails problem)
    {
        context.Response.StatusCode = problem.Status ?? StatusCodes.Status500InternalServerError;
        IProblemDetailsService service = context.RequestServices.GetRequiredService<IProblemDetailsService>();
        return service.WriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem }).AsTask();
    }

    private static ProblemDetails Of(Exception exception) => exception switch
    {
        BadQueryException wrong => BadField(wrong.Field, wrong.Message),
        BadHttpRequestException wrong when BoundParameter().Match(wrong.Message) is { Success: true } parameter =>
            BadField(parameter.Groups["name"].Value, $"'{Shortened(parameter.Groups["value"].Value)}' is no {parameter.Groups["type"].Value}."),
        BadHttpRequestException wrong => Because(wrong.StatusCode, wrong.Message),
        RefusedException refused => Because(refused.Status, refused.Message),
        InvalidAudioException damaged => Because(StatusCodes.Status409Conflict, $"The upload cannot be read: {damaged.Message}"),
        FfmpegMissingException missing => Because(StatusCodes.Status503ServiceUnavailable, missing.Message),
        ModelException or LakeQueryException or IOException => Because(StatusCodes.Status503ServiceUnavailable, exception.Message),
        RequestFailedException { Status: 403 } => Because(
            StatusCodes.Status403Forbidden, "The storage refused: whoever runs this server has no role there that lets them read this."),
        _ when ServiceUnavailableException.IsBehind(exception) => Because(
            StatusCodes.Status503ServiceUnavailable, "The storage does not answer. Is nrser up still running?"),
        _ => Because(StatusCodes.Status500InternalServerError, "Something went wrong here; the log of this server says what."),
    };

    private static ProblemDetails Because(int status, string detail) => new() { Status = status, Detail = detail };

    private static HttpValidationProblemDetails BadField(string name, string message) => new(
        new Dictionary<string, string[]>(StringComparer.Ordinal) { [name] = [message] })
    {
        Status = StatusCodes.Status400BadRequest, Detail = $"{name}: {message}",
    };

    private static string Shortened(string value) => value.Length <= 40 ? value : $"{value[..40]}…";

    // As the framework words it; a test holds that it still does.
    [GeneratedRegex(
        "^Failed to bind parameter \"(?:Nullable<)?(?<type>[^>\" ]+)>? (?<name>[^\" ]+)\" from \"(?<value>.*)\"\\.$",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BoundParameter();
}

/// <summary>A parameter of a request that does not say what it should.</summary>
/// <param name="field">Its name.</param>
/// <param name="message">What is wrong with it, and what would be right.</param>
internal sealed class BadQueryException(string field, string message) : Exception(message)
{
    /// <summary>Its name.</summary>
    public string Field { get; } = field;
}

/// <summary>What was asked for is not there, or not now; the message says why, for a person.</summary>
/// <param name="status">Of HTTP.</param>
/// <param name="message">Why, and what can be done.</param>
internal sealed class RefusedException(int status, string message) : Exception(message)
{
    /// <summary>Of HTTP.</summary>
    public int Status { get; } = status;
}
