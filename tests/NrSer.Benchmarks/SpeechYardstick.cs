using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.ML.OnnxRuntime;
using NrSer.Core;
using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Evaluation.Channels;
using NrSer.Evaluation.Experiments;

namespace NrSer.Benchmarks;

/// <summary>
/// The gate beside a public voice-activity network that somebody else trained, Silero VAD: how much noise alone each rejects at the threshold that
/// keeps as much of the same speech at 0 dB as the gate does.
/// </summary>
internal static class SpeechYardstick
{
    private const int Window = 512, Context = 64; // samples that Silero hears at once, and those before that it hears again

    /// <param name="network">Silero's ONNX file, version 5 or 6.</param>
    /// <param name="manifest">As for <c>nrser evaluate</c>.</param>
    /// <param name="channel">None, telephone, …</param>
    public static async Task RunAsync(string network, string manifest, string channel)
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddLogging().AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddNrSerCore().BuildServiceProvider();
        var experiment = new Experiment(
            services.GetRequiredService<ModelSet>(), services.GetRequiredService<SpeechReconstituter>(),
            services.GetRequiredService<IEmotionClassifier>(), services.GetRequiredService<AudioDecoder>())
        {
            Set = EvaluationSet.Load([manifest], []), SnrsDb = [0], Seed = 1,
            Channel = new Channel(Enum.Parse<ChannelKind>(channel, ignoreCase: true)),
        };
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var silero = new InferenceSession(network, options);
        (bool Gate, double Most)[] speech = await experiment.ForEachAsync(experiment.Set.Speech, async (clip, token) =>
        {
            Take[] takes = await experiment.TakesAsync(clip, token).ConfigureAwait(false);
            return (experiment.Judge(takes[1].Recording, token).IsSpeech, Most(silero, takes[1].Recording));
        }, _ => { }, CancellationToken.None).ConfigureAwait(false);
        (string Type, bool Gate, double Most)[] noise = await experiment.ForEachAsync(experiment.Set.Noise, async (clip, token) =>
        {
            float[] heard = await experiment.NoiseAsync(clip, token).ConfigureAwait(false);
            return (clip.NoiseType, experiment.Judge(heard, token).IsSpeech, Most(silero, heard));
        }, _ => { }, CancellationToken.None).ConfigureAwait(false);

        double kept = speech.Average(clip => clip.Gate ? 1.0 : 0);
        double threshold = speech.Select(clip => clip.Most).Order().ElementAt((int)Math.Round((1 - kept) * speech.Length));
        Console.WriteLine($"Of {speech.Length} clips at 0 dB both keep {kept:P1}; Silero's best second then has a chance of {threshold:0.000}.");
        Console.WriteLine("| noise alone | clips | the gate rejects | Silero rejects |\n| --- | --- | --- | --- |");
        foreach (IGrouping<string, (string Type, bool Gate, double Most)> type in noise.GroupBy(clip => clip.Type).OrderBy(group => group.Key)
            .Concat(noise.GroupBy(_ => "all")))
        {
            Console.WriteLine($"| {type.Key} | {type.Count()} | {type.Average(clip => clip.Gate ? 0.0 : 1):0.000} | "
                + $"{type.Average(clip => clip.Most >= threshold ? 0.0 : 1):0.000} |");
        }
    }

    /// <summary>The largest mean chance of speech over a second.</summary>
    private static double Most(InferenceSession silero, float[] samples)
    {
        long[] one = [1, Context + Window], memory = [2, 1, 128];
        float[] input = new float[Context + Window], state = new float[2 * 128];
        using OrtValue rate = OrtValue.CreateTensorValueFromMemory([16_000L], []);
        using var run = new RunOptions();
        var chances = new List<float>();
        for (int start = 0; start + Window <= samples.Length; start += Window)
        {
            input.AsSpan(Window).CopyTo(input); // the last samples of the window before
            samples.AsSpan(start, Window).CopyTo(input.AsSpan(Context));
            using OrtValue heard = OrtValue.CreateTensorValueFromMemory(input, one), before = OrtValue.CreateTensorValueFromMemory(state, memory);
            using IDisposableReadOnlyCollection<OrtValue> found =
                silero.Run(run, ["input", "state", "sr"], [heard, before, rate], ["output", "stateN"]);
            chances.Add(found[0].GetTensorDataAsSpan<float>()[0]);
            state = found[1].GetTensorDataAsSpan<float>().ToArray();
        }

        const int Second = 31;
        return chances.Count <= Second ? chances.DefaultIfEmpty(0).Average()
            : Enumerable.Range(0, chances.Count - Second + 1).Max(first => chances.Skip(first).Take(Second).Average());
    }
}
