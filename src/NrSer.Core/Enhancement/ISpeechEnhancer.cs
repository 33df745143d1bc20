namespace NrSer.Core.Enhancement;

/// <summary>The SE block: estimates the speech in a recording, without delay.</summary>
public interface ISpeechEnhancer
{
    /// <summary>x̂ from x. The two stay aligned to the sample, or mixing them would comb.</summary>
    /// <param name="noisy">x, [samples], 16 kHz mono.</param>
    /// <param name="enhanced">Receives x̂, [samples]; must not overlap <paramref name="noisy"/>.</param>
    /// <param name="cancellationToken">Checked once per block.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    void Enhance(ReadOnlyMemory<float> noisy, Memory<float> enhanced, CancellationToken cancellationToken);
}
