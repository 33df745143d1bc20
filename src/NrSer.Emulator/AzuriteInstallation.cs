using System.Security.Cryptography;
using CliWrap;
using CliWrap.Buffered;

namespace NrSer.Emulator;

/// <summary>The storage emulator, installed once per user from the lock file that comes with this program.</summary>
public static class AzuriteInstallation
{
    /// <summary>Finds the emulator, installing it with <c>npm ci</c> when it is absent.</summary>
    /// <param name="note">Told of what takes long.</param>
    /// <param name="cancellationToken">Gives up; what was begun is removed.</param>
    /// <returns>Path of its main script.</returns>
    /// <exception cref="EmulatorException">Node.js is missing, or the installation failed.</exception>
    public static async Task<string> EnsureAsync(Action<string> note, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(note);
        string recipe = Path.Combine(AppContext.BaseDirectory, "azurite");
        byte[] lockFile = await File.ReadAllBytesAsync(Path.Combine(recipe, "package-lock.json"), cancellationToken);
        string home = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "nrser",
            $"azurite-{Convert.ToHexStringLower(SHA256.HashData(lockFile).AsSpan(0, 6))}");
        string script = ScriptIn(home);
        if (File.Exists(script))
            return script;

        // Installed aside and moved into place whole, so that an interrupted or a parallel installation is never mistaken for a good one.
        note("Installing the Azurite storage emulator (once, about a minute)…");
        string aside = $"{home}.{Environment.ProcessId}";
        Directory.CreateDirectory(aside);
        try
        {
            foreach (string file in new[] { "package.json", "package-lock.json" })
                File.Copy(Path.Combine(recipe, file), Path.Combine(aside, file), overwrite: true);
            BufferedCommandResult result = await Cli.Wrap("npm")
                .WithArguments(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
                .WithWorkingDirectory(aside)
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(cancellationToken);
            if (result.ExitCode != 0 || !File.Exists(ScriptIn(aside)))
                throw new EmulatorException($"npm could not install Azurite (exit code {result.ExitCode}): {result.StandardError.Trim()}");
            Directory.Move(aside, home);
            return script;
        }
        catch (IOException) when (File.Exists(script))
        {
            return script; // another was faster
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new EmulatorException(
                "Node.js 20 or newer with npm is needed for the storage emulator: apt-get install nodejs npm, or see nodejs.org.", missing);
        }
        finally
        {
            if (Directory.Exists(aside))
                Directory.Delete(aside, recursive: true);
        }
    }

    private static string ScriptIn(string folder) => Path.Combine(folder, "node_modules", "azurite", "dist", "src", "azurite.js");
}
