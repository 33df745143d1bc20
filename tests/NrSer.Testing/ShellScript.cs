using System.Diagnostics;
using System.Text;

namespace NrSer.Testing;

/// <summary>Programs that tests write and start.</summary>
public static class ShellScript
{
    /// <summary>Writes one, for a POSIX shell.</summary>
    /// <remarks>
    /// Another process writes the file. Were it open in this one, what a test starts beside this would hold it open, too, until it runs its own
    /// program; and nothing starts a program that somebody may still write ("Text file busy").
    /// </remarks>
    /// <param name="path">Its file.</param>
    /// <param name="script">All but the first line, which names the shell.</param>
    public static async Task WriteAsync(string path, string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script needs a shell.");
        var start = new ProcessStartInfo("/bin/sh", ["-c", "cat > \"$0\" && chmod 755 \"$0\"", path])
        {
            UseShellExecute = false, RedirectStandardInput = true, StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        using Process writing = Process.Start(start)!;
        await writing.StandardInput.WriteAsync($"#!/bin/sh\n{script}\n");
        writing.StandardInput.Close();
        await writing.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, writing.ExitCode);
    }
}
