using NrSer.Core.Models;

namespace NrSer.Core.Enhancement;

/// <summary>Where the parts of a spectrogram, [frames, bins] each, lie in a network's tensors.</summary>
internal sealed class SpectrogramLayout
{
    private readonly int _frameStride, _binStride, _partStride; // from one value to the next along each; the last is 0 for two tensors
    private readonly int _frames, _bins;

    /// <param name="entry">The network's axes.</param>
    /// <param name="frames">Of one run.</param>
    /// <param name="bins">Of a frame.</param>
    public SpectrogramLayout(EnhancerEntry entry, int frames, int bins)
    {
        int[] shape = entry.ShapeOf(frames, bins);
        int stride = 1;
        for (int axis = shape.Length - 1; axis >= 0; stride *= shape[axis--])
        {
            switch (entry.Order[axis])
            {
                case SpectrogramAxis.Frames:
                    _frameStride = stride;
                    break;
                case SpectrogramAxis.Bins:
                    _binStride = stride;
                    break;
                case SpectrogramAxis.Part:
                    _partStride = stride;
                    break;
            }
        }

        (_frames, _bins) = (frames, bins);
        (Shape, Length) = ([.. shape.Select(length => (long)length)], stride);
    }

    /// <summary>Of each tensor.</summary>
    public long[] Shape { get; }

    /// <summary>Values in each tensor.</summary>
    public int Length { get; }

    /// <summary>One tensor with both parts, or one for each.</summary>
    public int Tensors => _partStride == 0 ? 2 : 1;

    /// <summary>Lays a part out.</summary>
    /// <param name="part">0 for the real one, 1 for the imaginary.</param>
    /// <param name="values">[frames, bins].</param>
    /// <param name="tensor">The tensor that holds it.</param>
    public void Write(int part, ReadOnlySpan<float> values, Span<float> tensor)
    {
        int start = part * _partStride;
        if (IsRowByRow)
        {
            values.CopyTo(tensor[start..]);
            return;
        }

        for (int frame = 0, i = 0; frame < _frames; frame++)
        {
            for (int bin = 0, at = start + (frame * _frameStride); bin < _bins; bin++, at += _binStride)
                tensor[at] = values[i++];
        }
    }

    /// <summary>Gathers a part.</summary>
    /// <param name="part">0 for the real one, 1 for the imaginary.</param>
    /// <param name="tensor">The tensor that holds it.</param>
    /// <param name="values">Receives [frames, bins].</param>
    public void Read(int part, ReadOnlySpan<float> tensor, Span<float> values)
    {
        int start = part * _partStride;
        if (IsRowByRow)
        {
            tensor.Slice(start, values.Length).CopyTo(values);
            return;
        }

        for (int frame = 0, i = 0; frame < _frames; frame++)
        {
            for (int bin = 0, at = start + (frame * _frameStride); bin < _bins; bin++, at += _binStride)
                values[i++] = tensor[at];
        }
    }

    private bool IsRowByRow => _binStride == 1 && _frameStride == _bins;
}
