using Microsoft.AspNetCore.Http;

namespace NrSer.Dashboard.Security;

/// <summary>Knows who asks: by a printed token on somebody's own machine, by what the platform says of who signed in where it is shared.</summary>
internal interface IAdmission
{
    /// <summary>What somebody unknown can do.</summary>
    string Way { get; }

    /// <summary>Answers a request that is about being let in; false for every other.</summary>
    Task<bool> TryAnswerAsync(HttpContext context);

    /// <summary>Who asks; null where nobody knows.</summary>
    Visitor? Find(HttpRequest request);
}
