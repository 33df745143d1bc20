using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace NrSer.Dashboard.Security;

/// <summary>
/// Believes what the platform's own sign-in says of who asks (Container Apps authentication, Microsoft Entra ID): it lets nobody else through, and
/// takes away what a request says of the kind. Where that is not switched on, everybody could say so, and nobody is believed.
/// </summary>
/// <param name="isOn">Whether it is switched on.</param>
internal sealed class PlatformAdmission(bool isOn) : IAdmission
{
    /// <summary>Who signed in, as the platform says it: JSON in Base64.</summary>
    public const string PrincipalHeader = "X-MS-CLIENT-PRINCIPAL";

    private const int LongestPrincipal = 1 << 16;
    private const string EntraId = "aad";
    private const string RoleClaim = "roles"; // of an id token; the platform may name it after WS-Federation, and then says how

    public string Way => isOn ? "Sign in: load the page again."
        : "Signing in is not set up, so nobody is let in: infra/README.md, The page.";

    public Task<bool> TryAnswerAsync(HttpContext context) => Task.FromResult(false);

    public Visitor? Find(HttpRequest request)
    {
        if (!isOn || request.Headers[PrincipalHeader] is not [{ Length: > 0 and <= LongestPrincipal } encoded])
            return null;
        try
        {
            PrincipalV1? principal = JsonSerializer.Deserialize(Convert.FromBase64String(encoded), PrincipalJsonContext.Default.PrincipalV1);
            return principal?.Provider == EntraId ? new Visitor(RolesOf(principal)) : null;
        }
        catch (Exception strange) when (strange is FormatException or JsonException)
        {
            return null;
        }
    }

    private static PageRoles RolesOf(PrincipalV1 principal)
    {
        PageRoles roles = PageRoles.None;
        foreach (ClaimV1 claim in principal.Claims ?? [])
        {
            if (claim.Type == RoleClaim || (claim.Type is not null && claim.Type == principal.RoleType))
            {
                roles |= claim.Value switch
                {
                    nameof(PageRoles.Reader) => PageRoles.Reader,
                    nameof(PageRoles.Listener) => PageRoles.Listener,
                    nameof(PageRoles.Operator) => PageRoles.Operator,
                    _ => PageRoles.None,
                };
            }
        }

        return roles;
    }
}

/// <summary>learn.microsoft.com, "Work with user identities": what the platform says of who signed in.</summary>
internal sealed record PrincipalV1(
    [property: JsonPropertyName("auth_typ")] string? Provider, [property: JsonPropertyName("role_typ")] string? RoleType,
    [property: JsonPropertyName("claims")] IReadOnlyList<ClaimV1>? Claims);

/// <summary>One thing said.</summary>
internal sealed record ClaimV1([property: JsonPropertyName("typ")] string? Type, [property: JsonPropertyName("val")] string? Value);

[JsonSerializable(typeof(PrincipalV1))]
internal sealed partial class PrincipalJsonContext : JsonSerializerContext;
