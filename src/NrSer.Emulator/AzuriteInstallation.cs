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

        await using FileStream turn = await TakeTurnAsync($"{home}.lock", note, cancellationToken);
        if (File.Exists(script))
            return script; // it was another's turn

        // Installed aside and moved into place whole, so that an interrupted installation is never mistaken for a good one.
        note("Installing the Azurite storage emulator (once, about a minute)…");
        string aside = $"{home}.{Environment.ProcessId}"; // npm may outlive whoever is killed, and goes on writing
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

    /// <summary>One at a time installs it, since each would take as long; the lock ends with the process.</summary>
    private static async Task<FileStream> TakeTurnAsync(string path, Action<string> note, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (bool isNoted = false; ; isNoted = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (!isNoted)
                    note("Waiting for another nrser that is installing the Azurite storage emulator…");
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
            }
        }
    }

    private static string ScriptIn(string folder) => Path.Combine(folder, "node_modules", "azurite", "dist", "src", "azurite.js");
}
