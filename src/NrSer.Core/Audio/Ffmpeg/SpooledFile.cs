using System.Globalization;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>A recording copied to a temporary file that only this user can read and that is deleted with this object.</summary>
internal sealed class SpooledFile : IAsyncDisposable
{
    private readonly FileStream _file;

    private SpooledFile(FileStream file)
    {
        _file = file;
        FilePath = file.Name;
        if (!OperatingSystem.IsLinux())
            return;

        // A name that ends with this process, however that ends: killed hosts must not fill the disk.
        FilePath = string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{file.SafeFileHandle.DangerousGetHandle()}");
        File.Delete(file.Name);
    }

    /// <summary>A path that a child process of the same user can open while this object lives.</summary>
    public string FilePath { get; }

    /// <summary>The copy, for reading here before another process does.</summary>
    public Stream Content => _file;

    /// <summary>Copies the rest of the input.</summary>
    /// <param name="input">Read to its end.</param>
    /// <param name="maxBytes">The largest file written.</param>
    /// <param name="cancellationToken">Stops the copying and deletes the file.</param>
    /// <exception cref="InvalidAudioException">The recording is larger.</exception>
    public static async Task<SpooledFile> CreateAsync(BufferedInput input, long maxBytes, CancellationToken cancellationToken)
    {
        if (input.LengthBytes > maxBytes)
            throw TooLarge(maxBytes);

        SpooledFile spooled = new(Create());
        try
        {
            while (await input.FillAsync(1, cancellationToken).ConfigureAwait(false))
            {
                await spooled._file.WriteAsync(input.Buffered, cancellationToken).ConfigureAwait(false);
                input.Advance(input.Buffered.Length);
                if (input.PositionBytes > maxBytes)
                    throw TooLarge(maxBytes);
            }

            await spooled._file.FlushAsync(cancellationToken).ConfigureAwait(false);
            return spooled;
        }
        catch
        {
            await spooled.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Deletes the file.</summary>
    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private static FileStream Create()
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read | FileShare.Delete, // ffmpeg opens it beside us
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path.Combine(Path.GetTempPath(), $"nrser-{Path.GetRandomFileName()}.mp4"), options);
    }

    private static InvalidAudioException TooLarge(long maxBytes) => new($"The recording is larger than the limit of {maxBytes >> 20} MiB.", maxBytes);
}
