using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace NrSer.Dashboard.Api;

/// <summary>Spares what the browser already has.</summary>
internal static class Unchanged
{
    /// <summary>Says to the browser what it got, and whether it has that already.</summary>
    /// <param name="context">The request.</param>
    /// <param name="state">Differs whenever the answer does.</param>
    public static bool Is(HttpContext context, string state)
    {
        string tag = $"W/\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state)).AsSpan(0, 8))}\"";
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "private, no-cache";
        return context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(EntityTagHeaderValue.Parse(tag), useStrongComparison: false));
    }
}
