using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Testing;

namespace NrSer.Benchmarks;

/// <summary>CUDA beside the CPU, on CMGAN and HuBERT Base as published but for their weights, which are random: outputs, speed and memory.</summary>
/// <remarks>For a machine with a GPU, by hand: <c>tests/gpu</c> carries it there.</remarks>
internal static class CudaComparison
{
    private const double Tolerance = 1e-3; // of the largest output
    private const int Runs = 5;
    private const int Segments = 4, SegmentSamples = 160_000; // a batch of ten seconds each
    private const int Differ = 1, Refused = 3;

    /// <summary>Compares, and prints a line for each network.</summary>
    /// <returns>0 when both give the same, 1 when not, 3 without CUDA.</returns>
    public static int Run()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("nrser-cuda-");
        try
        {
            Console.WriteLine($"TF32 off; {Runs} runs each after one to warm up, the median; the CPU on one thread.");
            Console.WriteLine("| network | seconds of audio | RTF CPU | RTF CUDA | times as fast | GPU memory | largest difference |");
            Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|");
            return Compare(Cmgan(folder)) & Compare(Hubert(folder)) ? 0 : Differ;
        }
        catch (ModelException refused)
        {
            Console.Error.WriteLine(refused.Message);
            return Refused;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static bool Compare(Network network)
    {
        double memory = GpuMebibytes();
        using OnnxModel cuda = Load(network, ExecutionProvider.Cuda); // first: without it nothing else is worth the time
        using OnnxModel cpu = Load(network, ExecutionProvider.Cpu);
        (float[] fast, double cudaSeconds) = Measure(network, cuda);
        memory = GpuMebibytes() - memory;
        (float[] right, double cpuSeconds) = Measure(network, cpu);
        double difference = right.Zip(fast, (a, b) => Math.Abs(a - (double)b)).Max() / right.Max(Math.Abs);
        Console.WriteLine(
            $"| {network.Name} | {network.AudioSeconds:F0} | {cpuSeconds / network.AudioSeconds:F4} | {cudaSeconds / network.AudioSeconds:F5} "
            + $"| {cpuSeconds / cudaSeconds:F0} | {memory:F0} MiB | {difference:E1} |");
        return difference <= Tolerance; // NaN is not
    }

    private static (float[] Output, double Seconds) Measure(Network network, OnnxModel model)
    {
        float[] output = new float[network.OutputShape.Aggregate(1L, (a, b) => a * b)];
        double[] seconds = new double[Runs];
        for (int run = -1; run < Runs; run++)
        {
            long begun = Stopwatch.GetTimestamp();
            model.Run(network.Input, network.InputShape, (output, network.OutputShape));
            if (run >= 0)
                seconds[run] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        }

        return (output, seconds.Order().ElementAt(Runs / 2));
    }

    private static OnnxModel Load(Network network, ExecutionProvider provider)
    {
        var catalog = ModelCatalog.Load(network.Catalog);
        return OnnxModel.Load(catalog, catalog.Models[0], new ModelOptions { ExecutionProvider = provider });
    }

    private static Network Cmgan(DirectoryInfo folder)
    {
        using JsonDocument seeded = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "seeded.json")));
        var shapes = seeded.RootElement.GetProperty("networks").GetProperty("cmgan").GetProperty("tensors").EnumerateObject()
            .ToDictionary(tensor => tensor.Name, tensor => tensor.Value.EnumerateArray().Select(axis => axis.GetInt64()).ToArray());
        long[] shape = [1, 2, CmganLayout.Frames, CmganLayout.Bins];
        JsonArray Axes() => new([.. shape.Select(axis => (JsonNode)axis)]);
        string catalog = Assemble(
            folder, "enhancer", SeededCheckpoint.PyTorch(shapes), CmganLayout.Assemble, ("spectrogram", Axes()), ("enhanced", Axes()), entry =>
            {
                entry["stft"] = new JsonObject
                {
                    ["fftSamples"] = CmganLayout.FftSamples, ["hopSamples"] = CmganLayout.HopSamples, ["window"] = "hamming",
                };
                entry["enhancer"] = new JsonObject { ["compression"] = 0.3, ["blockSamples"] = CmganLayout.BlockSamples, ["overlapSamples"] = 0 };
            });
        float[] input = [.. SeededCheckpoint.Uniform("input", 2 * CmganLayout.Frames * CmganLayout.Bins).Select(u => 2 * u)];
        return new Network("CMGAN", catalog, input, shape, shape, CmganLayout.BlockSamples / 16e3);
    }

    private static Network Hubert(DirectoryInfo folder)
    {
        IDictionary<string, byte[]> files = SeededHubert.Files(widths: SeededHubert.Base);
        foreach (string name in new[] { "config.json", "preprocessor_config.json" })
            File.WriteAllBytes(Path.Combine(folder.FullName, name), files[name]);
        var layout = HubertLayout.Read(Path.Combine(folder.FullName, "config.json"), Path.Combine(folder.FullName, "preprocessor_config.json"));
        string catalog = Assemble(
            folder, "emotion", files["model.safetensors"], layout.Assemble, ("input_values", new JsonArray("batch", "samples")),
            ("logits", new JsonArray("batch", layout.Labels.Count)), entry => entry["emotion"] = new JsonObject
            {
                ["labels"] = new JsonArray("neutral", "happy", "angry", "sad"), ["minimumSamples"] = HubertLayout.MinimumSamples,
                ["attributes"] = new JsonArray(), ["attributeRange"] = new JsonArray(),
            });
        float[] input = [.. SeededCheckpoint.Uniform("input", Segments * SegmentSamples).Select(u => 0.3f * u)];
        return new Network(
            "HuBERT Base", catalog, input, [Segments, SegmentSamples], [Segments, layout.Labels.Count], Segments * SegmentSamples / 16e3);
    }

    /// <summary>Makes a catalogue of one network.</summary>
    private static string Assemble(
        DirectoryInfo folder, string kind, byte[] checkpoint, Func<Checkpoint, string, string, string, string> assemble,
        (string Name, JsonArray Shape) input, (string Name, JsonArray Shape) output, Action<JsonObject> complete)
    {
        string At(string name) => Path.Combine(folder.FullName, $"{kind}.{name}");
        File.WriteAllBytes(At("checkpoint"), checkpoint);
        string weights;
        using (Checkpoint opened = Checkpoint.Open(At("checkpoint")))
            weights = assemble(opened, Path.Combine(AppContext.BaseDirectory, "models", "skeletons"), At("onnx"), At("weights"));
        JsonArray Tensors((string Name, JsonArray Shape) tensor) =>
            new(new JsonObject { ["name"] = tensor.Name, ["type"] = "float32", ["shape"] = tensor.Shape });
        var entry = new JsonObject
        {
            ["name"] = "seeded", ["version"] = "1", ["kind"] = kind, ["quality"] = "demonstration", ["file"] = $"{kind}.onnx",
            ["weights"] = $"{kind}.weights", ["weightsSha256"] = weights, ["sampleRateHz"] = 16000,
            ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(At("onnx")))),
            ["inputs"] = Tensors(input), ["outputs"] = Tensors(output),
            ["licence"] = "none needed", ["source"] = "seeded", ["trainingData"] = new JsonArray(), ["measured"] = new JsonObject(),
        };
        complete(entry);
        File.WriteAllText(At("catalog.json"), new JsonObject
        {
            ["schema"] = 1,
            ["defaults"] = new JsonObject { ["enhancer"] = "seeded", ["snrLevel"] = "seeded", ["emotion"] = "seeded" },
            ["models"] = new JsonArray(entry),
        }.ToJsonString());
        return At("catalog.json");
    }

    /// <summary>What all programs hold of the first GPU; 0 where nobody can tell.</summary>
    private static double GpuMebibytes()
    {
        try
        {
            using var ask = Process.Start(new ProcessStartInfo("nvidia-smi", ["--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"])
            {
                UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            string said = ask.StandardOutput.ReadToEnd();
            ask.WaitForExit();
            return double.TryParse(said, out double used) ? used : 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return 0;
        }
    }

    private sealed record Network(string Name, string Catalog, float[] Input, long[] InputShape, long[] OutputShape, double AudioSeconds);
}
