using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace NrSer.Dashboard.Page;

/// <summary>The page: three files that travel within the assembly, and nothing from anywhere else.</summary>
internal sealed class StaticPage
{
    private const string Folder = "wwwroot/";
    private const string Index = "index.html";

    private static readonly Dictionary<string, string> s_types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8", [".js"] = "text/javascript; charset=utf-8", [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    /// <summary>Addresses that the page itself understands.</summary>
    private static readonly string[] s_views = ["/", "/recordings", "/recordings/{id}", "/feeds", "/about", "/reference"];

    private readonly Dictionary<string, Asset> _assets = typeof(StaticPage).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Select(Asset.Load).ToDictionary(asset => asset.Name,
            StringComparer.Ordinal);

    /// <summary>Maps its addresses.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (Asset asset in _assets.Values.Where(asset => asset.Name != Index))
            routes.MapMethods($"/{asset.Name}", [HttpMethods.Get, HttpMethods.Head], context => asset.SendAsync(context)).ExcludeFromDescription();
        foreach (string view in s_views)
            routes.MapMethods(view, [HttpMethods.Get, HttpMethods.Head], context => _assets[Index].SendAsync(context)).ExcludeFromDescription();
    }

    private sealed record Asset(string Name, byte[] Content, byte[] Compressed, EntityTagHeaderValue ETag)
    {
        public static Asset Load(string resource)
        {
            using Stream stream = typeof(StaticPage).Assembly.GetManifestResourceStream(resource)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            using var compressed = new MemoryStream();
            using (var brotli = new BrotliStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
                brotli.Write(content);
            string hash = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8));
            return new Asset(resource[Folder.Length..], content, compressed.ToArray(), new EntityTagHeaderValue($"\"{hash}\""));
        }

        public Task SendAsync(HttpContext context)
        {
            bool brotli = context.Request.GetTypedHeaders().AcceptEncoding.Any(encoding => encoding.Value == "br" && encoding.Quality is null or > 0);
            context.Response.Headers.CacheControl = "private, no-cache";
            context.Response.Headers.Vary = "Accept-Encoding";
            if (brotli)
                context.Response.Headers.ContentEncoding = "br";
            return TypedResults.Bytes(brotli ? Compressed : Content, s_types[Path.GetExtension(Name)], entityTag: ETag).ExecuteAsync(context);
        }
    }
}
