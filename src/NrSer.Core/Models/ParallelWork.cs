using System.Runtime.ExceptionServices;

namespace NrSer.Core.Models;

/// <summary>Equal pieces side by side, failing as one of them alone would.</summary>
internal static class ParallelWork
{
    /// <summary>Runs a body for each index; the first failure is thrown as it is, without a wrapping <see cref="AggregateException"/>.</summary>
    /// <param name="count">Pieces.</param>
    /// <param name="threads">Pieces in work at once, at least 1.</param>
    /// <param name="body">One piece.</param>
    /// <param name="cancellationToken">Checked before each piece.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void For(int count, int threads, Action<int> body, CancellationToken cancellationToken)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, body);
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }
}
