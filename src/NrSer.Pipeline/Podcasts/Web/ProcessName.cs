using System.Diagnostics;
using System.Globalization;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>Who holds what is held for a time: machine, process and when that began, so that a process that died here is known to be dead.</summary>
internal static class ProcessName
{
    private static readonly TimeSpan s_sameStart = TimeSpan.FromSeconds(5); // the system tells it in ticks of its own

    /// <summary>That of this process.</summary>
    public static string Own { get; } = OfThisProcess();

    /// <summary>Whether a process of this machine is gone; of other machines nobody can tell.</summary>
    /// <param name="name">A name, and anything after a space.</param>
    public static bool IsGone(string name)
    {
        string[] parts = name.Split(' ')[0].Split('/');
        if (parts is not [var machine, var number, var ticks] || machine != Environment.MachineName
            || !int.TryParse(number, CultureInfo.InvariantCulture, out int id)
            || !long.TryParse(ticks, CultureInfo.InvariantCulture, out long began))
            return false;
        try
        {
            using Process process = Process.GetProcessById(id);
            return (process.StartTime.ToUniversalTime() - new DateTime(began, DateTimeKind.Utc)).Duration() > s_sameStart;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return true;
        }
    }

    private static string OfThisProcess()
    {
        using Process own = Process.GetCurrentProcess();
        return string.Create(
            CultureInfo.InvariantCulture, $"{Environment.MachineName}/{own.Id}/{own.StartTime.ToUniversalTime().Ticks}");
    }
}
