using NrSer.Core.Enhancement;

namespace NrSer.Core.Tests.Fixtures;

/// <summary>Answers with a function of each sample and its place.</summary>
internal sealed class FakeEnhancer(Func<float, int, float> answer) : ISpeechEnhancer
{
    public void Enhance(ReadOnlyMemory<float> noisy, Memory<float> enhanced, CancellationToken cancellationToken)
    {
        for (int i = 0; i < noisy.Length; i++)
            enhanced.Span[i] = answer(noisy.Span[i], i);
    }
}
