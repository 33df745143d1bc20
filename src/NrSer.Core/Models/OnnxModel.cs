using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace NrSer.Core.Models;

/// <summary>One loaded network: checked against its catalogue entry, then run with results straight into the caller's memory.</summary>
/// <remarks>Runs may overlap on several threads. There should be one instance per model and process.</remarks>
public sealed partial class OnnxModel : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private long _inferenceTicks;

    // The runtime's Linux build keeps a device id and reports sessions to its maker, unless this is set before it starts. What .NET sets
    // does not reach native code there, so that the C library has to be told. (ONNX Runtime 1.31, documentation of Privacy.)
    static OnnxModel()
    {
        if (OperatingSystem.IsWindows())
            Environment.SetEnvironmentVariable("ORT_DISABLE_TELEMETRY", "1");
        else
            _ = SetNativeEnvironment("ORT_DISABLE_TELEMETRY", "1", overwrite: 1);
        OrtEnv.Instance().DisableTelemetryEvents();
    }

    private OnnxModel(ModelEntry entry, InferenceSession session, ExecutionProvider device)
    {
        Device = device;
        Entry = entry;
        _session = session;
        _inputNames = [.. entry.Inputs.Select(input => input.Name)];
        _outputNames = [.. entry.Outputs.Select(output => output.Name)];
    }

    /// <summary>What the catalogue says of it.</summary>
    public ModelEntry Entry { get; }

    /// <summary>Where it runs: the CPU or CUDA.</summary>
    public ExecutionProvider Device { get; }

    /// <summary>Time spent in the network so far, added up over all threads.</summary>
    public TimeSpan InferenceTime => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _inferenceTicks));

    /// <summary>Loads a model and refuses one that is not what its entry says.</summary>
    /// <param name="catalog">The catalogue that holds <paramref name="entry"/>.</param>
    /// <param name="entry">The model.</param>
    /// <param name="options">Device and threads.</param>
    /// <exception cref="ModelException">File, hash, names or shapes differ from the entry, or CUDA was asked for and is missing.</exception>
    public static OnnxModel Load(ModelCatalog catalog, ModelEntry entry, ModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(options);
        if (entry.Precision == ModelPrecision.EightBit && !EightBitProcessor.IsThis)
            throw new ModelException($"'{entry.Name}' runs in eight bits, for which this processor is not made: it has no VNNI and no AMX.");
        string path = catalog.FileOf(entry);
        byte[] file = ReadChecked(path, entry);
        (SessionOptions session, ExecutionProvider device) = Configure(options);
        using SessionOptions disposing = session;
        if (catalog.WeightsOf(entry) is { } weights)
        {
            CheckWeights(weights, entry);
            session.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", Path.GetDirectoryName(Path.GetFullPath(weights))!);
        }

        InferenceSession loaded;
        try
        {
            loaded = Open(file, session);
        }
        catch (OnnxRuntimeException error)
        {
            throw new ModelException($"ONNX Runtime cannot load '{entry.Name}': {error.Message}", error);
        }

        try
        {
            CheckTensors(entry, "input", entry.Inputs, loaded.InputMetadata);
            if (loaded.InputMetadata.Count != entry.Inputs.Count) // outputs may stay unread, inputs have to be fed
                throw new ModelException(
                    $"Model '{entry.Name}' has the inputs {string.Join(", ", loaded.InputMetadata.Keys)}; the catalogue knows {entry.Inputs.Count}.");
            CheckTensors(entry, "output", entry.Outputs, loaded.OutputMetadata);
            return new OnnxModel(entry, loaded, device);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Runs a network of one input once.</summary>
    /// <param name="input">The input, of <paramref name="inputShape"/>.</param>
    /// <param name="inputShape">Its axes.</param>
    /// <param name="outputs">Receives the outputs in the entry's order, each of its shape.</param>
    public void Run(ReadOnlySpan<float> input, long[] inputShape, params ReadOnlySpan<(Memory<float> Values, long[] Shape)> outputs)
    {
        using AlignedInput fed = new(input, inputShape);
        RunSession([fed.Value], outputs);
    }

    /// <summary>Runs the network once.</summary>
    /// <param name="inputs">The inputs in the entry's order, each of its shape.</param>
    /// <param name="outputs">Receives the outputs in the entry's order, each of its shape.</param>
    public void Run(ReadOnlySpan<(Memory<float> Values, long[] Shape)> inputs, ReadOnlySpan<(Memory<float> Values, long[] Shape)> outputs)
    {
        var fed = new List<AlignedInput>(inputs.Length);
        try
        {
            foreach ((Memory<float> values, long[] shape) in inputs)
                fed.Add(new AlignedInput(values.Span, shape));
            RunSession([.. fed.Select(input => input.Value)], outputs);
        }
        finally
        {
            foreach (AlignedInput input in fed)
                input.Dispose();
        }
    }

    private void RunSession(OrtValue[] inputs, ReadOnlySpan<(Memory<float> Values, long[] Shape)> outputs)
    {
        long begun = Stopwatch.GetTimestamp();
        var results = new OrtValue[outputs.Length];
        try
        {
            for (int i = 0; i < results.Length; i++)
                results[i] = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, outputs[i].Values, outputs[i].Shape);
            _session.Run(_runOptions, _inputNames, inputs, _outputNames, results);
        }
        finally
        {
            foreach (OrtValue? result in results)
                result?.Dispose();
            Interlocked.Add(ref _inferenceTicks, Stopwatch.GetTimestamp() - begun);
        }
    }

    /// <summary>Loads a network; that this class does it makes sure that the runtime reports to nobody.</summary>
    internal static InferenceSession Open(byte[] network, SessionOptions options) => new(network, options);

    /// <inheritdoc/>
    public void Dispose()
    {
        _runOptions.Dispose();
        _session.Dispose();
    }

    private static (SessionOptions Options, ExecutionProvider Device) Configure(ModelOptions options)
    {
        bool cudaBuilt = OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider", StringComparer.Ordinal);
        if (options.ExecutionProvider == ExecutionProvider.Cuda && !cudaBuilt)
        {
            throw new ModelException(
                "CUDA was asked for, but this build carries the CPU version of ONNX Runtime. "
                + "Use the GPU container, or set ExecutionProvider to Cpu or Auto.");
        }

        var session = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = 1, // callers run equal pieces side by side, which scales better than splitting small operators
            InterOpNumThreads = 1,
            EnableMemoryPattern = false, // segment lengths vary; a plan per length would only pile up
        };
        session.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (!cudaBuilt || options.ExecutionProvider == ExecutionProvider.Cpu)
            return (session, ExecutionProvider.Cpu);
        try
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string>(options.Cuda.ForProvider(), StringComparer.Ordinal));
            session.AppendExecutionProvider_CUDA(cuda);
            if (!options.Cuda.AllowCpuNodes)
                session.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
            return (session, ExecutionProvider.Cuda);
        }
        catch (OnnxRuntimeException error) when (options.ExecutionProvider == ExecutionProvider.Cuda)
        {
            session.Dispose();
            throw new ModelException($"CUDA was asked for, but cannot be used: {error.Message}", error);
        }
        catch (OnnxRuntimeException)
        {
            return (session, ExecutionProvider.Cpu); // Auto: built for CUDA, but there is no driver or device
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNativeEnvironment(string name, string value, int overwrite);

    private static byte[] ReadChecked(string path, ModelEntry entry) => Reading(entry, () =>
    {
        byte[] file = File.ReadAllBytes(path);
        RequireHash(entry, "file", SHA256.HashData(file), entry.Sha256);
        return file;
    });

    /// <summary>Weights beside the graph are not read into memory: the runtime maps them.</summary>
    private static void CheckWeights(string path, ModelEntry entry) => Reading(entry, () =>
    {
        using FileStream file = File.OpenRead(path);
        RequireHash(entry, "file of weights", SHA256.HashData(file), entry.WeightsSha256!);
        return path;
    });

    private static T Reading<T>(ModelEntry entry, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) // the latter where a folder has that name
        {
            throw new ModelException($"The file of model '{entry.Name}' cannot be read: {error.Message}", error);
        }
    }

    private static void RequireHash(ModelEntry entry, string what, byte[] sha256, string expected)
    {
        string hash = Convert.ToHexStringLower(sha256);
        if (hash != expected)
        {
            throw new ModelException(
                $"The {what} of model '{entry.Name}' has SHA-256 {hash}, the catalogue says {expected}: it was changed or damaged.");
        }
    }

    private static void CheckTensors(ModelEntry entry, string role, IReadOnlyList<TensorEntry> wanted,
        IReadOnlyDictionary<string, NodeMetadata> found)
    {
        foreach (TensorEntry tensor in wanted)
        {
            if (!found.TryGetValue(tensor.Name, out NodeMetadata? node))
                throw new ModelException($"Model '{entry.Name}' has no {role} '{tensor.Name}', only: {string.Join(", ", found.Keys)}.");
            int[] axes = tensor.Axes();
            if (node.ElementDataType != TensorElementType.Float)
                throw new ModelException($"The {role} '{tensor.Name}' of model '{entry.Name}' is {node.ElementDataType}, not float32.");
            if (!axes.AsSpan().SequenceEqual(node.Dimensions))
            {
                throw new ModelException(
                    $"The {role} '{tensor.Name}' of model '{entry.Name}' has shape [{string.Join(", ", node.Dimensions)}], "
                    + $"the catalogue says [{string.Join(", ", axes)}].");
            }
        }
    }
}
