namespace NrSer.Evaluation.Channels;

/// <summary>Eight bits for a sample, finer where it is quieter.</summary>
internal static class Companding
{
    private const double Mu = 255; // ITU-T G.711
    private const int Levels = 127; // of each sign

    /// <summary>There and back by the continuous curve of the µ-law: level = ln(1 + 255·|x|) / ln 256, in 127 steps.</summary>
    /// <param name="signal">x, [samples], full scale 1; what lies beyond is clipped.</param>
    public static float[] MuLaw(float[] signal) => [.. signal.Select(value =>
    {
        double level = Math.Round(Math.Log(1 + (Mu * Math.Min(Math.Abs((double)value), 1))) / Math.Log(1 + Mu) * Levels) / Levels;
        return (float)Math.CopySign((Math.Pow(1 + Mu, level) - 1) / Mu, value);
    })];
}
