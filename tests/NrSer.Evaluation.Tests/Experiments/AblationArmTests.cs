using CsCheck;
using NrSer.Evaluation.Experiments;

namespace NrSer.Evaluation.Tests.Experiments;

public sealed class AblationArmTests
{
    // s = x̂ + 0.25·(x − x̂): a quarter of the original brings exactly the clean speech.
    [Fact]
    public void OracleWeight_CleanSpeechBetweenTheTwo_FindsIt() =>
        Assert.Equal(0.25f, AblationArm.OracleWeight([1, 0, 2], [0, 0, -2], [0.25f, 0, -1]), 1e-6f);

    [Fact]
    public void OracleWeight_NothingChanged_TakesTheOriginal() => Assert.Equal(1, AblationArm.OracleWeight([1, 2], [1, 2], [0, 0]));

    [Fact]
    public void OracleWeight_AnySignals_IsNoWorseThanItsNeighbours() =>
        Gen.Select(Gen.Float[-1, 1].Array[20], Gen.Float[-1, 1].Array[20], Gen.Float[-1, 1].Array[20]).Sample((x, enhanced, clean) =>
        {
            float best = AblationArm.OracleWeight(x, enhanced, clean);
            double Error(float weight) => x.Zip(enhanced, clean).Sum(at => Math.Pow(at.Third - (weight * at.First) - ((1 - weight) * at.Second), 2));
            Assert.True(Error(best) <= Error(best + 0.05f) + 1e-5 && Error(best) <= Error(best - 0.05f) + 1e-5); // float sums of 20 terms
        });
}
