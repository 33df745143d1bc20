using Microsoft.AspNetCore.Http;

namespace NrSer.Dashboard.Security;

/// <summary>Decides who is let in, and says to the browser what the page may do.</summary>
/// <param name="admission">Knows who asks.</param>
/// <param name="next">What lies behind.</param>
internal sealed class Gatekeeper(IAdmission admission, RequestDelegate next)
{
    /// <summary>What a request that changes something has to carry: no form and no image of another page can.</summary>
    public const string WriteHeader = "X-NrSer-Request";

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (await admission.TryAnswerAsync(context).ConfigureAwait(false))
            return;

        // A page on another port of this machine is of the same site, and the cookie goes there, too: only our own page is answered.
        if (request.Headers["Sec-Fetch-Site"] is [{ } from] && from is not ("same-origin" or "none") && !IsVisit(request))
        {
            await Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "Only the page of this server may ask it.").ConfigureAwait(false);
            return;
        }

        if (admission.Find(request) is not { } visitor)
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, admission.Way).ConfigureAwait(false);
            return;
        }

        if (visitor.Roles == PageRoles.None)
        {
            await RefuseAsync(
                context, StatusCodes.Status403Forbidden,
                "You are signed in, but have no role here. Whoever looks after this deployment gives one: Reader, Listener or Operator.")
                .ConfigureAwait(false);
            return;
        }

        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (!reads && request.Headers[WriteHeader] is not [{ Length: > 0 }])
        {
            await Problems.WriteAsync(context, StatusCodes.Status403Forbidden, $"What changes something needs the header {WriteHeader}: 1.")
                .ConfigureAwait(false);
            return;
        }

        context.Features.Set(visitor);
        await next(context).ConfigureAwait(false);
    }

    /// <summary>Sees to it that every answer says what the page may do, whoever gives it.</summary>
    public static Task RuleAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(WriteRulesAsync, context.Response.Headers);
        return next(context);
    }

    /// <summary>At the last moment: whoever answers with an error instead clears what stood there before.</summary>
    private static Task WriteRulesAsync(object state)
    {
        var headers = (IHeaderDictionary)state;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        if (headers.CacheControl.Count == 0)
            headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    private static bool IsVisit(HttpRequest request) => request.Headers["Sec-Fetch-Mode"] is ["navigate"] && !Problems.IsApi(request);

    private static Task RefuseAsync(HttpContext context, int status, string way)
    {
        if (Problems.IsApi(context.Request))
            return Problems.WriteAsync(context, status, way);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            "<!doctype html><html lang=\"en\"><meta name=\"viewport\" content=\"width=device-width\"><title>NrSer: not let in</title>"
            + $"<main><h1>Not let in</h1><p>{way}</p></main></html>", context.RequestAborted);
    }
}
