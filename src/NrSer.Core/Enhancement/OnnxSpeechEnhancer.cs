using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Models;
using NrSer.Core.Signal;

namespace NrSer.Core.Enhancement;

/// <summary>
/// Runs any spectrogram-to-spectrogram network over blocks; framing, compression, blocks, the layout of its tensors and what it remembers come from
/// its catalogue entry.
/// </summary>
/// <remarks>
/// arXiv 2309.01164, section on speech enhancement: level, STFT, power compression, network, and all of it undone. Blocks are
/// levelled each on its own, the last one over what it holds before silence fills it (where blocks do not overlap, over all of it, as the published
/// code does), run side by side, and cross-fade linearly where they overlap:
/// <code>
/// block 0  ────────────╲
/// block 1            ╱────────────╲        the slopes are OverlapSamples long and add up to one
/// </code>
/// A block of digital silence has no level: the network is skipped and x̂ = x.
/// </remarks>
public sealed class OnnxSpeechEnhancer : ISpeechEnhancer
{
    private readonly OnnxModel _model;
    private readonly Stft _stft;
    private readonly EnhancerEntry _entry;
    private readonly int _threads;
    private readonly SpectrogramLayout _layout;
    private readonly float[] _fadeIn;
    private readonly float[] _fadeOut;

    /// <param name="model">A model of kind <see cref="ModelKind.Enhancer"/>; stays the caller's.</param>
    /// <param name="threads">Blocks in work at once, at least 1.</param>
    /// <exception cref="ArgumentException">The model is of another kind.</exception>
    public OnnxSpeechEnhancer(OnnxModel model, int threads)
    {
        ArgumentNullException.ThrowIfNull(model);
        _entry = model.Entry.Enhancer ?? throw new ArgumentException($"'{model.Entry.Name}' is not an enhancer.", nameof(model));
        _model = model;
        _stft = new Stft(model.Entry.Stft!);
        _layout = new SpectrogramLayout(
            _entry, _entry.FramesPerRun ?? _stft.Parameters.FramesOf(_entry.BlockSamples), _stft.Parameters.Bins);
        _threads = threads;
        _fadeIn = new float[_entry.OverlapSamples];
        _fadeOut = new float[_entry.OverlapSamples];
        for (int i = 0; i < _fadeIn.Length; i++)
        {
            _fadeIn[i] = (i + 0.5f) / _fadeIn.Length;
            _fadeOut[i] = 1 - _fadeIn[i];
        }
    }

    /// <inheritdoc/>
    public void Enhance(ReadOnlyMemory<float> noisy, Memory<float> enhanced, CancellationToken cancellationToken)
    {
        if (noisy.Length != enhanced.Length)
            throw new ArgumentException($"{enhanced.Length} samples of output do not match {noisy.Length} of input.", nameof(enhanced));
        int overlap = _entry.OverlapSamples, step = _entry.BlockSamples - overlap;
        int blocks = Math.Max(1, (noisy.Length - overlap + step - 1) / step);

        // A block's rising slope lies on its neighbour's falling one: it waits here, so that blocks never write to one place.
        using MemoryOwner<float> slopes = MemoryOwner<float>.Allocate(blocks * overlap);
        ParallelWork.For(blocks, _threads, block =>
        {
            int start = block * step;
            int length = Math.Min(_entry.BlockSamples, noisy.Length - start);
            using MemoryOwner<float> owner = MemoryOwner<float>.Allocate(_entry.BlockSamples);
            Span<float> output = owner.Span;
            EnhanceBlock(noisy.Span.Slice(start, length), output);
            int head = block == 0 ? 0 : Math.Min(overlap, length);
            if (head > 0)
                TensorPrimitives.Multiply(output[..head], _fadeIn.AsSpan(0, head), slopes.Span.Slice(block * overlap, head));
            if (block < blocks - 1)
                TensorPrimitives.Multiply(output[step..], _fadeOut, output[step..]);
            output[head..length].CopyTo(enhanced.Span[(start + head)..]);
        }, cancellationToken);
        for (int block = 1; block < blocks; block++)
        {
            int start = block * step;
            Span<float> target = enhanced.Span.Slice(start, Math.Min(overlap, noisy.Length - start));
            TensorPrimitives.Add(target, slopes.Span.Slice(block * overlap, target.Length), target);
        }
    }

    /// <summary>One run of the network; <paramref name="output"/> is a whole block, of which the input's length counts.</summary>
    private void EnhanceBlock(ReadOnlySpan<float> input, Span<float> output)
    {
        input.CopyTo(output);
        output[input.Length..].Clear();
        if (SignalLevel.Normaliser(_entry.OverlapSamples == 0 ? output : input) is not { } normaliser)
            return;

        float level = _entry.Rms is { } rms ? rms * normaliser : 1;
        TensorPrimitives.Multiply(output, level, output);
        int frames = _stft.Parameters.FramesOf(output.Length), plane = frames * _stft.Parameters.Bins;
        using MemoryOwner<float> spectrum = MemoryOwner<float>.Allocate(2 * plane);
        Span<float> re = spectrum.Span[..plane], im = spectrum.Span[plane..];
        _stft.Forward(output, re, im);
        PowerCompression.Compress(re, im, _entry.Compression);
        RunNetwork(re, im);
        PowerCompression.Expand(re, im, _entry.Compression);
        _stft.Inverse(re, im, output);
        TensorPrimitives.Divide(output, level, output);
    }

    /// <summary>The frames of a block through the network, in one run or in several that pass on what it remembers.</summary>
    private void RunNetwork(Span<float> re, Span<float> im)
    {
        int tensors = _layout.Tensors, states = _entry.StateCount;
        var inputs = new (Memory<float> Values, long[] Shape)[tensors + states];
        var outputs = new (Memory<float> Values, long[] Shape)[tensors + states];
        using MemoryOwner<float> spectra = MemoryOwner<float>.Allocate(2 * tensors * _layout.Length);
        for (int i = 0; i < tensors; i++)
        {
            inputs[i] = (spectra.Memory.Slice(i * _layout.Length, _layout.Length), _layout.Shape);
            outputs[i] = (spectra.Memory.Slice((tensors + i) * _layout.Length, _layout.Length), _layout.Shape);
        }

        for (int i = tensors; i < inputs.Length; i++)
        {
            long[] shape = [.. _model.Entry.Inputs[i].Axes().Select(axis => (long)axis)];
            int length = (int)shape.Aggregate(1L, (product, axis) => product * axis);
            (inputs[i], outputs[i]) = ((new float[length], shape), (new float[length], shape));
        }

        int values = tensors * _layout.Length / 2; // of one part
        for (int at = 0; at < re.Length; at += values)
        {
            _layout.Write(0, re.Slice(at, values), inputs[0].Values.Span);
            _layout.Write(1, im.Slice(at, values), inputs[tensors - 1].Values.Span);
            _model.Run(inputs, outputs);
            _layout.Read(0, outputs[0].Values.Span, re.Slice(at, values));
            _layout.Read(1, outputs[tensors - 1].Values.Span, im.Slice(at, values));
            for (int i = tensors; i < inputs.Length; i++)
                (inputs[i], outputs[i]) = (outputs[i], inputs[i]);
        }
    }
}
