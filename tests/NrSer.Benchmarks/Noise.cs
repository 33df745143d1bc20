namespace NrSer.Benchmarks;

/// <summary>Seeded material: the cost of the arithmetic does not depend on what is heard.</summary>
internal static class Noise
{
    public static float[] Create(int samples, int seed)
    {
        var random = new Random(seed);
        var noise = new float[samples];
        for (int i = 0; i < samples; i++)
            noise[i] = (random.NextSingle() - 0.5f) * 0.2f;
        return noise;
    }
}
