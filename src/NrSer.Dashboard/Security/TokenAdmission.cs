using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace NrSer.Dashboard.Security;

/// <summary>Lets in whoever has the printed token, once exchanged for a cookie, and lets them do everything: it is their machine.</summary>
/// <param name="token">The only way in.</param>
internal sealed class TokenAdmission(AccessToken token) : IAdmission
{
    private const string TokenParameter = "token";
    private const string Bearer = "Bearer ";

    private static readonly Visitor s_owner = new(PageRoles.All);

    public string Way => "Open the whole address that nrser printed: it ends in ?token=… and is new whenever nrser starts.";

    public async Task<bool> TryAnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || context.Request.Query[TokenParameter] is not [{ } shown] || !token.Matches(shown))
            return false;
        await ExchangeAsync(context).ConfigureAwait(false);
        return true;
    }

    public Visitor? Find(HttpRequest request) => IsKnown(request) && !request.Query.ContainsKey(TokenParameter) ? s_owner : null;

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
        string target = WebUtility.HtmlEncode($"{context.Request.Path.ToUriComponent()}{rest}".TrimStart('/'));
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            "<!doctype html><html lang=\"en\"><meta name=\"viewport\" content=\"width=device-width\"><title>NrSer</title>"
            + $"<meta http-equiv=\"refresh\" content=\"0;url=/{target}\"><main><h1>NrSer</h1><p><a href=\"/{target}\">Go on to NrSer</a></p>"
            + "</main></html>",
            context.RequestAborted);
    }
}
