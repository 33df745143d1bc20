using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace NrSer.Dashboard.Security;

/// <summary>Decides who is let in, and says to the browser what the page may do.</summary>
/// <param name="token">The only way in.</param>
/// <param name="next">What lies behind.</param>
internal sealed class Gatekeeper(AccessToken token, RequestDelegate next)
{
    /// <summary>What a request that changes something has to carry: no form and no image of another page can.</summary>
    public const string WriteHeader = "X-NrSer-Request";

    private const string TokenParameter = "token";
    private const string Bearer = "Bearer ";

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    public async Task InvokeAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        headers.CacheControl = "no-store";

        HttpRequest request = context.Request;
        if (HttpMethods.IsGet(request.Method) && request.Query[TokenParameter] is [{ } shown])
        {
            await (token.Matches(shown) ? ExchangeAsync(context) : RefuseAsync(context)).ConfigureAwait(false);
            return;
        }

        // A page on another port of this machine is of the same site, and the cookie goes there, too: only our own page is answered.
        if (request.Headers["Sec-Fetch-Site"] is [{ } from] && from is not ("same-origin" or "none") && !IsVisit(request))
        {
            await Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "Only the page of this server may ask it.").ConfigureAwait(false);
            return;
        }

        if (!IsKnown(request))
        {
            await RefuseAsync(context).ConfigureAwait(false);
            return;
        }

        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (!reads && request.Headers[WriteHeader] is not [{ Length: > 0 }])
        {
            await Problems.WriteAsync(context, StatusCodes.Status403Forbidden, $"What changes something needs the header {WriteHeader}: 1.")
                .ConfigureAwait(false);
            return;
        }

        await next(context).ConfigureAwait(false);
    }

    private static bool IsVisit(HttpRequest request) => request.Headers["Sec-Fetch-Mode"] is ["navigate"] && !Problems.IsApi(request);

    // Cookies know no ports: two servers on this machine must not overwrite each other's.
    private static string CookieOf(HttpRequest request) => $"nrser-{request.Host.Port ?? 80}";

    private bool IsKnown(HttpRequest request) =>
        token.MatchesSession(request.Cookies[CookieOf(request)])
        || (request.Headers.Authorization is [{ } given] && given.StartsWith(Bearer, StringComparison.Ordinal)
        && token.Matches(given[Bearer.Length..]));

    private Task ExchangeAsync(HttpContext context)
    {
        context.Response.Cookies.Append(CookieOf(context.Request), token.Session, new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", Secure = context.Request.IsHttps,
        });

        // Not a redirect: where the address was clicked on another page, a strict cookie would not travel with it.
        var rest = new QueryBuilder(context.Request.Query.Where(pair => pair.Key != TokenParameter));
        string target = System.Net.WebUtility.HtmlEncode($"{context.Request.Path.ToUriComponent()}{rest}".TrimStart('/'));
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"<!doctype html><html lang=\"en\"><title>NrSer</title><meta http-equiv=\"refresh\" content=\"0;url=/{target}\"><p><a href=\"/{target}\">"
            + "Go on to NrSer</a></p></html>", context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context)
    {
        const string Way = "Open the whole address that nrser printed: it ends in ?token=… and is new whenever nrser starts.";
        if (Problems.IsApi(context.Request))
            return Problems.WriteAsync(context, StatusCodes.Status401Unauthorized, Way);
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"<!doctype html><html lang=\"en\"><title>NrSer: not let in</title><h1>Not let in</h1><p>{Way}</p></html>", context.RequestAborted);
    }
}
