using System.Diagnostics;
using System.Globalization;
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
    private const int MostDamages = 4; // that a missing end may cause by itself
    private const double ClosedPauseSeconds = 600; // see FfmpegCommand

    private readonly Process _process;
    private readonly FfmpegFormat _format;
    private readonly SpooledFile? _file;
    private readonly AudioOptions _options;
    private readonly StatedLength _stated;
    private readonly bool _isTrackWanted;
    private readonly BufferedInput _output;
    private readonly CancellationTokenSource _disposing = new();
    private readonly FfmpegFeed _feed;
    private readonly StallWatch _stall;
    private readonly Task _inputTask;
    private readonly Task<FfmpegLog> _logTask;
    private readonly Task _stallTask;
    private readonly List<string> _warnings = [];
    private PaddingTrim? _sound;
    private bool _hasEnded;

    private FfmpegReader(
        Process process, BufferedInput input, FfmpegInput source, SpooledFile? file, StatedLength stated, AudioOptions options)
    {
        _process = process;
        _format = source.Format;
        _file = file;
        _options = options;
        _stated = stated;
        _isTrackWanted = source.IsTrackWanted;
        _output = new(process.StandardOutput.BaseStream);
        _feed = new(input, source.Format);
        _stall = new(options.FfmpegStallLimit);
        _logTask = FfmpegLog.ReadAsync(process.StandardError.BaseStream);
        _inputTask = _feed.SendAsync(process.StandardInput.BaseStream, _disposing.Token);
        _stallTask = _stall.RunAsync(_feed, Kill, _disposing.Token);
    }

    /// <inheritdoc/>
    public AudioFormat Format { get; private set; } = null!; // set by OpenAsync, before anyone sees the reader

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <inheritdoc/>
    public double? MissingSeconds { get; private set; }

    /// <summary>True when another recording follows in the same file, at which the input is once this object is disposed.</summary>
    public bool StoppedAtLink => _feed.StoppedAtLink;

    /// <summary>For tests, which look whether it has gone.</summary>
    internal int ProcessId => _process.Id;

    /// <summary>Starts ffmpeg and waits for the format of its output.</summary>
    /// <param name="input">At the first byte of the recording.</param>
    /// <param name="format">What the recording was found to be.</param>
    /// <param name="hints">Which track is wanted.</param>
    /// <param name="output">Rate and channels to decode to; null for the recording's own.</param>
    /// <param name="program">ffmpeg.</param>
    /// <param name="options">Limits.</param>
    /// <param name="cancellationToken">Stops ffmpeg.</param>
    /// <exception cref="InvalidAudioException">ffmpeg cannot decode it.</exception>
    /// <exception cref="FfmpegMissingException">There is no ffmpeg.</exception>
    /// <exception cref="TimeoutException">ffmpeg or the input stalled.</exception>
    public static async Task<FfmpegReader> OpenAsync(
        BufferedInput input, FfmpegFormat format, RecordingHints hints, AudioFormat? output, FfmpegProgram program, AudioOptions options,
        CancellationToken cancellationToken)
    {
        _ = program.FilePath; // throws before anything is copied
        StatedLength stated = StatedLength.Find(format, input); // before its first bytes are gone
        bool hasLateTracks = format == FfmpegFormat.Matroska && MatroskaLayout.HasLateTracks(input.Buffered.Span);
        SpooledFile? file = format.NeedsFile || hasLateTracks
            ? await SpooledFile.CreateAsync(input, options.MaxSpooledBytes, cancellationToken).ConfigureAwait(false)
            : null;

        FfmpegReader reader;
        try
        {
            int? track = hints.Track;
            if (format == FfmpegFormat.Mp4)
            {
                (IReadOnlyList<Mp4Track> tracks, double lostShare) = Mp4Tracks.Find(file!.Content);
                Mp4Track? heard = Mp4Tracks.Choose(tracks, ref track);
                stated = stated.With(heard, lostShare);
                if (heard is { AmrFramesPerSample: > 1 and var frames })
                    throw TooManyFrames(frames);
            }

            var source = new FfmpegInput(format, file?.FilePath, track, output) { IsTrackWanted = hints.Track is not null };
            Process process = await program.StartAsync(source, cancellationToken).ConfigureAwait(false);
            reader = new(process, input, source, file, stated, options);
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
        catch (InvalidAudioException invalid) when (hasLateTracks && invalid.Reason == FfmpegOutcome.NoAudio)
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw new InvalidAudioException(
                $"The {format.Name} describes its tracks behind their sound, and has no index that says where. "
                + $"Write it anew: mkvmerge {Conversion.File} -o out.mka",
                byteOffset: null, invalid);
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
        if (_hasEnded)
            return 0;
        _stall.BeginWaiting();
        try
        {
            int samples = await _sound!.ReadAsync(interleaved, cancellationToken).ConfigureAwait(false);
            if (samples == 0)
                await EndAsync(cancellationToken).ConfigureAwait(false);
            return samples;
        }
        catch (InvalidAudioException exception) when (!_hasEnded)
        {
            throw await ExplainAsync(exception, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _stall.EndWaiting();
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
        await _logTask.ConfigureAwait(false);
        await _inputTask.ConfigureAwait(false);
        _process.Dispose();
        _disposing.Dispose();
        if (_file is not null)
            await _file.DisposeAsync().ConfigureAwait(false);
    }

    private static InvalidAudioException TooManyFrames(int frames) => new(
        $"The 3GP packs {frames} frames of AMR into each sample, of which ffmpeg decodes only the first. Unpack it: "
        + $"ffmpeg -i {Conversion.File} -c copy out.amr");

    private async Task OpenOutputAsync(AudioOptions options, CancellationToken cancellationToken)
    {
        _stall.BeginWaiting();
        try
        {
            WavReader wav = await WavReader.OpenAsync(_output, options, cancellationToken).ConfigureAwait(false);
            Format = wav.Format with { Encoding = _format.Name };
            _sound = new(wav, _stated.MaxFrames(Format.SampleRateHz));
        }
        catch (InvalidAudioException exception)
        {
            throw await ExplainAsync(exception, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _stall.EndWaiting();
        }
    }

    // Offsets in the decoded stream mean nothing to the owner, and when the stream just ends, ffmpeg knows better why.
    private async Task<InvalidAudioException> ExplainAsync(InvalidAudioException exception, CancellationToken cancellationToken)
    {
        if (_output.HasEnded)
        {
            (FfmpegLog _, FfmpegEnding ending) = await FinishAsync(cancellationToken).ConfigureAwait(false);
            if (ending.FirstDamage is { } damage)
                return new(damage, byteOffset: null, exception);
            if (Missing(durationSeconds: null) is { } missing)
                return new(Describe(missing), byteOffset: null, exception);
        }

        return new(exception.Reason, byteOffset: null, exception);
    }

    private async Task<(FfmpegLog Log, FfmpegEnding Ending)> FinishAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        FfmpegLog log = await _logTask.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_stall.HasStalled)
            throw new TimeoutException($"Decoding made no progress for {_options.FfmpegStallLimit.TotalSeconds:0} s.");
        if (_feed.Failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        if (log.SandboxFailure is { } sandboxFailure)
            throw new IOException($"The sandbox of ffmpeg failed: {sandboxFailure}");
        return (log, FfmpegOutcome.Judge(_process.ExitCode, log.Complaints, _format));
    }

    // Nothing more comes: was that all?
    private async Task EndAsync(CancellationToken cancellationToken)
    {
        (FfmpegLog log, FfmpegEnding ending) = await FinishAsync(cancellationToken).ConfigureAwait(false);
        _hasEnded = true;
        bool isWhole = ending.IsOnlyBehind && _stated.IsReached(_sound!.Frames, Format.SampleRateHz);
        double? missing = isWhole ? null : Missing(log.DurationSeconds);
        double lost = (Math.Max(_stated.LostShare, _feed.LostShare) * _sound!.Frames / Format.SampleRateHz) + _feed.HoleSeconds;
        bool isCutOff = !isWhole && (missing is not null || ending.IsCutOff || _feed.EndsWithinUnit);
        bool isTaken = _options.CutOff == CutOffTreatment.Take || (_options.CutOff == CutOffTreatment.TakeLossy && !_format.IsLossless);
        if (!isWhole && ending.FirstDamage is { } damage && !(isCutOff && ending.Damages <= MostDamages))
            throw new InvalidAudioException(damage);
        if (isCutOff)
            _warnings.Add(Describe(missing));
        if (lost > 0)
        {
            _warnings.Add(string.Create(CultureInfo.InvariantCulture,
                $"Within the {_format.Name} about {lost:0.##} s of sound are missing, which are heard as silence."));
        }

        if ((isCutOff || lost > 0) && !isTaken)
            throw new InvalidAudioException($"{_warnings[0]} {Conversion.Salvage}");
        MissingSeconds = lost > 0 ? lost + missing.GetValueOrDefault() : missing;
        if (log is { AudioTracks: > 1, HeardTrack: { } heard } && !_isTrackWanted)
            _warnings.Add($"The file has {log.AudioTracks} tracks with sound, counted from 0; heard is track {heard}. --track chooses another.");
    }

    private double? Missing(double? durationSeconds) => (_stated with { Seconds = _stated.Seconds ?? durationSeconds }).Missing(
        _format, (_sound?.Frames ?? 0) / (double)(Format?.SampleRateHz ?? 1), _feed.HasSentAll ? _feed.BytesSent : null);

    private string Describe(double? missingSeconds) => missingSeconds switch
    {
        null => $"The {_format.Name} is cut off within its last page, packet or frame.",
        >= ClosedPauseSeconds and var seconds when _format.Clock != FfmpegClock.SamplesOnly => string.Create(CultureInfo.InvariantCulture,
            $"The {_format.Name} is about {seconds:0.##} s shorter than it says: it is cut off, or a pause of over ten minutes in it was closed up."),
        { } seconds => string.Create(CultureInfo.InvariantCulture, $"The {_format.Name} is cut off: about {seconds:0.##} s of sound are missing."),
    };

    private void Kill()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
    }
}
