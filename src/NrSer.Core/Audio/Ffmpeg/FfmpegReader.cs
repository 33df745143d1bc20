using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>
/// Reads what ffmpeg decodes. The recording goes into ffmpeg's standard input while WAVE is read from its standard output, so memory holds a few
/// blocks. One reader, one process: it is gone when the reader is disposed.
/// </summary>
internal sealed class FfmpegReader : IAudioReader
{
    private readonly Process _process;
    private readonly FfmpegFormat _format;
    private readonly SpooledFile? _file;
    private readonly TimeSpan _stallLimit;
    private readonly BufferedInput _output;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Task _inputTask;
    private readonly Task<string> _complaintsTask;
    private readonly Task _stallTask;
    private readonly long? _declaredBytes;
    private readonly OggPageWalker? _oggPages;
    private WavReader? _wav;
    private Exception? _sourceFailure;
    private long _bytesSent;
    private bool _hasSentAll;
    private long _waits;
    private bool _isWaiting;
    private bool _hasStalled;

    private FfmpegReader(Process process, BufferedInput input, FfmpegFormat format, SpooledFile? file, long? declaredBytes, AudioOptions options)
    {
        _process = process;
        _format = format;
        _file = file;
        _stallLimit = options.FfmpegStallLimit;
        _output = new(process.StandardOutput.BaseStream);
        _declaredBytes = declaredBytes;
        _oggPages = format == FfmpegFormat.Ogg ? new() : null;
        _complaintsTask = FfmpegOutcome.ReadComplaintsAsync(process.StandardError.BaseStream);
        _inputTask = SendAsync(input, process.StandardInput.BaseStream);
        _stallTask = WatchForStallAsync();
    }

    /// <inheritdoc/>
    public AudioFormat Format { get; private set; } = null!; // set by OpenAsync, before anyone sees the reader

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <inheritdoc/>
    public double? MissingSeconds { get; private set; }

    /// <summary>For tests, which look whether it has gone.</summary>
    internal int ProcessId => _process.Id;

    /// <summary>Starts ffmpeg and waits for the format of its output.</summary>
    /// <param name="input">At the first byte of the recording.</param>
    /// <param name="format">What the recording was found to be.</param>
    /// <param name="options">Limits, and where ffmpeg is.</param>
    /// <param name="cancellationToken">Stops ffmpeg.</param>
    /// <exception cref="InvalidAudioException">ffmpeg cannot decode it.</exception>
    /// <exception cref="FfmpegMissingException">There is no ffmpeg.</exception>
    /// <exception cref="TimeoutException">ffmpeg or the input stalled.</exception>
    public static async Task<FfmpegReader> OpenAsync(
        BufferedInput input, FfmpegFormat format, AudioOptions options, CancellationToken cancellationToken)
    {
        string ffmpegPath = Executable.Find(options.FfmpegPath) ?? throw new FfmpegMissingException(options.FfmpegPath);
        long? declaredBytes = input.PositionBytes + DeclaredLength.Find(format, input.Buffered.Span);
        AmrPacking amrPacking = new();
        SpooledFile? file = format.NeedsFile
            ? await SpooledFile.CreateAsync(input, options.MaxSpooledBytes, amrPacking, cancellationToken).ConfigureAwait(false)
            : null;

        FfmpegReader reader;
        try
        {
            amrPacking.ThrowIfSeveral();
            Process process = Start(FfmpegCommand.Create(ffmpegPath, format, file?.FilePath, options), options.FfmpegPath);
            reader = new(process, input, format, file, declaredBytes, options);
        }
        catch
        {
            if (file is not null)
                await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        try
        {
            await reader.OpenOutputAsync(options, cancellationToken).ConfigureAwait(false);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">ffmpeg was stopped from outside.</exception>
    /// <exception cref="TimeoutException">ffmpeg or the input stalled.</exception>
    public async ValueTask<int> ReadAsync(Memory<float> interleaved, CancellationToken cancellationToken)
    {
        BeginWaiting();
        try
        {
            int samples = await ReadOutputAsync(interleaved, cancellationToken).ConfigureAwait(false);
            if (samples == 0)
                await ThrowIfFailedAsync(cancellationToken).ConfigureAwait(false);
            return samples;
        }
        finally
        {
            EndWaiting();
        }
    }

    /// <summary>Stops ffmpeg, if it still runs, and waits until nothing of it is left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposing.IsCancellationRequested)
            return;

        await _disposing.CancelAsync().ConfigureAwait(false);
        Kill();
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        await _stallTask.ConfigureAwait(false);
        await _complaintsTask.ConfigureAwait(false);
        await _inputTask.ConfigureAwait(false);
        _process.Dispose();
        _disposing.Dispose();
        if (_file is not null)
            await _file.DisposeAsync().ConfigureAwait(false);
    }

    private static Process Start(ProcessStartInfo startInfo, string ffmpegPath)
    {
        try
        {
            return Process.Start(startInfo)!; // null only with UseShellExecute
        }
        catch (Win32Exception exception)
        {
            throw new FfmpegMissingException(ffmpegPath, exception);
        }
    }

    private async Task OpenOutputAsync(AudioOptions options, CancellationToken cancellationToken)
    {
        BeginWaiting();
        try
        {
            _wav = await WavReader.OpenAsync(_output, options, cancellationToken).ConfigureAwait(false);
            Format = _wav.Format with { Encoding = _format.Name };
        }
        catch (InvalidAudioException exception)
        {
            throw await ExplainAsync(exception, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            EndWaiting();
        }
    }

    private async ValueTask<int> ReadOutputAsync(Memory<float> interleaved, CancellationToken cancellationToken)
    {
        try
        {
            return await _wav!.ReadAsync(interleaved, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidAudioException exception)
        {
            throw await ExplainAsync(exception, cancellationToken).ConfigureAwait(false);
        }
    }

    // Offsets in the decoded stream mean nothing to the owner, and when the stream just ends, ffmpeg knows better why.
    private async Task<InvalidAudioException> ExplainAsync(InvalidAudioException exception, CancellationToken cancellationToken)
    {
        if (_output.HasEnded)
            await ThrowIfFailedAsync(cancellationToken).ConfigureAwait(false);
        return new(exception.Reason, byteOffset: null, exception);
    }

    private async Task ThrowIfFailedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        string complaints = await _complaintsTask.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (Volatile.Read(ref _hasStalled))
            throw new TimeoutException($"Decoding made no progress for {_stallLimit.TotalSeconds:0} s.");
        if (Volatile.Read(ref _sourceFailure) is { } failure)
            ExceptionDispatchInfo.Throw(failure); // ffmpeg saw only an end
        FfmpegOutcome.ThrowIfFailed(_process.ExitCode, complaints, _format, _oggPages?.LinkOffset);
        ThrowIfCutOff();
    }

    private void ThrowIfCutOff()
    {
        // If ffmpeg stopped reading before the end, it had a reason, and how much there was is not known.
        if (!Volatile.Read(ref _hasSentAll))
            return;
        long bytes = _bytesSent;
        if (bytes < _declaredBytes && !DeclaredLength.IsRemovedTag(_format, _declaredBytes.Value - bytes))
            throw new InvalidAudioException($"The {_format.Name} is cut off: {_declaredBytes - bytes} of {_declaredBytes} bytes are missing.");
        if (_oggPages is { IsWithinPage: true })
            throw new InvalidAudioException($"The {_format.Name} is cut off within its last page.");
    }

    // Never fails: what the source throws is kept for the reader of the output, who finds it before ffmpeg's verdict on half a recording.
    private async Task SendAsync(BufferedInput input, Stream standardInput)
    {
        await using (standardInput.ConfigureAwait(false))
        {
            try
            {
                // The last bytes are kept back until it is known that they are no tag, which decoders take for damage.
                while (await input.FillAsync(Id3Tag.Version1Bytes + 1, _disposing.Token).ConfigureAwait(false))
                {
                    if (!await TrySendAsync(input, input.Buffered.Length - Id3Tag.Version1Bytes, standardInput).ConfigureAwait(false))
                        return;
                }

                if (Id3Tag.IsVersion1(input.Buffered.Span))
                    input.Advance(input.Buffered.Length);
                else if (!await TrySendAsync(input, input.Buffered.Length, standardInput).ConfigureAwait(false))
                    return;
                Volatile.Write(ref _bytesSent, input.PositionBytes);
                Volatile.Write(ref _hasSentAll, true);
            }
            catch (OperationCanceledException) when (_disposing.IsCancellationRequested)
            {
                // Nobody reads any more.
            }
            catch (Exception exception)
            {
                Volatile.Write(ref _sourceFailure, exception);
            }
        }
    }

    // False when ffmpeg has all it wants, or has died: its exit code tells which.
    private async ValueTask<bool> TrySendAsync(BufferedInput input, int bytes, Stream standardInput)
    {
        _oggPages?.Append(input.Buffered.Span[..bytes]);
        try
        {
            await standardInput.WriteAsync(input.Buffered[..bytes], _disposing.Token).ConfigureAwait(false);
            input.Advance(bytes);
            Volatile.Write(ref _bytesSent, input.PositionBytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Neither a slow caller nor a pause between reads is a stall: the same read must have waited for a whole period.
    private async Task WatchForStallAsync()
    {
        using PeriodicTimer timer = new(_stallLimit);
        (long Waits, long Bytes) before = default;
        try
        {
            while (await timer.WaitForNextTickAsync(_disposing.Token).ConfigureAwait(false))
            {
                (long Waits, long Bytes) now = (Volatile.Read(ref _waits), Volatile.Read(ref _bytesSent));
                if (now == before && Volatile.Read(ref _isWaiting))
                {
                    Volatile.Write(ref _hasStalled, true);
                    Kill();
                    return;
                }

                before = now;
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed: nothing to watch any more.
        }
    }

    private void BeginWaiting()
    {
        Volatile.Write(ref _waits, _waits + 1);
        Volatile.Write(ref _isWaiting, true);
    }

    private void EndWaiting() => Volatile.Write(ref _isWaiting, false);

    private void Kill()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
    }
}
