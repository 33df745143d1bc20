using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace NrSer.Dashboard.Security;

/// <summary>What somebody may do. Whoever has any of them may read.</summary>
[Flags]
public enum PageRoles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Look at rows, and at pictures of them.</summary>
    Reader = 1,

    /// <summary>Hear recordings.</summary>
    Listener = 2,

    /// <summary>Start recordings again, and forget them.</summary>
    Operator = 4,

    /// <summary>All of that.</summary>
    All = Reader | Listener | Operator,
}

/// <summary>Somebody who was let in.</summary>
/// <param name="Roles">What they may do.</param>
internal sealed record Visitor(PageRoles Roles);

/// <summary>Which role an endpoint asks for.</summary>
internal static class RoleFilter
{
    /// <summary>Who was let in.</summary>
    public static Visitor VisitorOf(this HttpContext context) =>
        context.Features.Get<Visitor>() ?? throw new InvalidOperationException("Nobody passed the gate.");

    /// <summary>Answers those alone who have a role.</summary>
    public static void For(this RouteHandlerBuilder endpoint, PageRoles role) => endpoint
        .AddEndpointFilter((context, next) => context.HttpContext.VisitorOf().Roles.HasFlag(role) ? next(context)
            : throw new RefusedException(StatusCodes.Status403Forbidden, $"That needs the role {role}."))
        .ProducesProblem(StatusCodes.Status403Forbidden);
}
