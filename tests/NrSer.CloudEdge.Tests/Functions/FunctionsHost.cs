using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Text;
using System.Threading.Channels;
using Azure.Messaging.ServiceBus;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NrSer.CloudEdge.Tests.Functions.Protocol;

namespace NrSer.CloudEdge.Tests.Functions;

/// <summary>
/// Stands in for the Functions host: starts the built Functions process as its worker and speaks the host's protocol to it, over gRPC. It hands out
/// messages of the broker and settles them on the worker's word, as the host's Service Bus extension does.
/// </summary>
internal sealed class FunctionsHost : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5); // for a machine that is busy with something else

    private readonly Channel<StreamingMessage> _questions = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _answers = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _log = new();
    private readonly ServiceBusClient _client;
    private readonly WebApplication _web;
    private Process? _process;
    private Task _ended = Task.CompletedTask;
    private int _asked;

    private FunctionsHost(string brokersConnection)
    {
        _client = new ServiceBusClient(brokersConnection);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _web = builder.Build();
        _web.MapGrpcService<Worker>();
        _web.MapGrpcService<HostsSettlement>();
    }

    /// <summary>Where the built host is, with the packages of its own: those of the tests are others.</summary>
    public static string Folder { get; } = typeof(FunctionsHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(data => data.Key == "FunctionsPath").Value!;

    /// <summary>What the worker said of itself.</summary>
    public WorkerInitResponse Answer { get; private set; } = new();

    /// <summary>The functions that it listed.</summary>
    public IReadOnlyList<RpcFunctionMetadata> Functions { get; private set; } = [];

    /// <summary>Messages that the worker holds, by the token of their lock.</summary>
    public ConcurrentDictionary<string, (ServiceBusReceiver Receiver, ServiceBusReceivedMessage Message)> Held { get; } = new(StringComparer.Ordinal);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts the worker, and has it load every function that it lists.</summary>
    /// <param name="cloud">Its storage and queues.</param>
    public static async Task<FunctionsHost> StartAsync(CloudUnderTest cloud)
    {
        var host = new FunctionsHost(cloud.Settings["ServiceBus:ConnectionString"]!);
        try
        {
            await host._web.StartAsync(Stop);
            host.StartWorker(cloud.Settings);
            await host.UnlessEndedAsync(host._connected.Task);
            await host.LoadAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a timer hands to its function.</summary>
    public static ParameterBinding Tick() =>
        new() { Name = "timer", Data = new TypedData { Json = """{"Schedule":{"AdjustForDST":true},"IsPastDue":false}""" } };

    /// <summary>Takes the next message from a queue, as a trigger hands it to its function.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="parameter">Name of the function's parameter.</param>
    public async Task<ParameterBinding> ReceiveAsync(string queue, string parameter = "message")
    {
        ServiceBusReceiver receiver = _client.CreateReceiver(queue);
        ServiceBusReceivedMessage message = await receiver.ReceiveMessageAsync(s_limit, Stop);
        Held[message.LockToken] = (receiver, message);
        byte[] content = [.. Guid.Parse(message.LockToken).ToByteArray(), .. message.GetRawAmqpMessage().ToBytes().ToMemory().Span];
        return new ParameterBinding
        {
            Name = parameter,
            Data = new TypedData
            {
                ModelBindingData = new ModelBindingData
                {
                    Version = "1.0", Source = "AzureServiceBusReceivedMessage", ContentType = "application/octet-stream",
                    Content = Google.Protobuf.ByteString.CopyFrom(content),
                },
            },
        };
    }

    /// <summary>Has a function called, and waits for its end.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="input">What its trigger hands to it.</param>
    /// <param name="invocationId">Names the call, to cancel it by.</param>
    public async Task<StatusResult> InvokeAsync(string function, ParameterBinding input, string invocationId) => (await AskAsync(new StreamingMessage
    {
        InvocationRequest = new InvocationRequest
        {
            InvocationId = invocationId, FunctionId = function, InputData = { input },
            TraceContext = new RpcTraceContext { TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
        },
    })).InvocationResponse.Result;

    /// <summary>Cancels a call, as a host does that is told to stop.</summary>
    public ValueTask CancelAsync(string invocationId) => _questions.Writer.WriteAsync(
        new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = invocationId } }, Stop);

    /// <summary>Tells the worker to end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        await _questions.Writer.WriteAsync(new StreamingMessage { WorkerTerminate = new WorkerTerminate() }, Stop);
        await _ended.WaitAsync(s_limit, Stop);
        return _process!.ExitCode;
    }

    /// <summary>Kills the worker.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> KillAsync()
    {
        _process!.Kill();
        await _ended.WaitAsync(s_limit, Stop);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null && !_process.HasExited)
            _process.Kill();
        await _ended;
        _process?.Dispose();
        await _web.DisposeAsync();
        await _client.DisposeAsync();
    }

    /// <summary>What a host asks of a worker before it calls anything.</summary>
    private async Task LoadAsync()
    {
        Answer = (await AskAsync(new StreamingMessage
        {
            WorkerInitRequest = new WorkerInitRequest
            {
                HostVersion = "4.0.0", WorkerDirectory = Folder, FunctionAppDirectory = Folder,
            },
        })).WorkerInitResponse;
        FunctionMetadataResponse listed = (await AskAsync(new StreamingMessage
        {
            FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = Folder },
        })).FunctionMetadataResponse;
        Assert.False(listed.UseDefaultMetadataIndexing); // or the host would look for the functions itself
        Assert.Equal(StatusResult.Types.Status.Success, listed.Result.Status);
        Functions = listed.FunctionMetadataResults;
        foreach (RpcFunctionMetadata function in Functions)
        {
            FunctionLoadResponse loaded = (await AskAsync(new StreamingMessage
            {
                FunctionLoadRequest = new FunctionLoadRequest { FunctionId = function.Name, Metadata = function },
            })).FunctionLoadResponse;
            Assert.True(loaded.Result.Status == StatusResult.Types.Status.Success, loaded.Result.Exception?.Message);
        }
    }

    private void StartWorker(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        string address = $"{_web.Urls.Single()}/";
        // As the host does, twice over: each form is for workers of another age.
        var start = new ProcessStartInfo("dotnet",
        [
            Path.Combine(Folder, "NrSer.Functions.dll"), "--host", "127.0.0.1", "--port", new Uri(address).Port.ToString(),
            "--workerId", "worker", "--requestId", "start", "--grpcMaxMessageLength", int.MaxValue.ToString(), "--functions-uri", address,
            "--functions-worker-id", "worker", "--functions-request-id", "start", "--functions-grpc-max-message-length", int.MaxValue.ToString(),
        ])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["FUNCTIONS_WORKER_DIRECTORY"] = start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = Folder;
        start.Environment["DOTNET_TieredPGO"] = "0"; // it ends before what it would learn of itself pays
        foreach ((string name, string? value) in settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ended = _process.WaitForExitAsync(CancellationToken.None);
    }

    private async Task<StreamingMessage> AskAsync(StreamingMessage question)
    {
        question.RequestId = $"{Interlocked.Increment(ref _asked)}";
        var answer = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _answers[question.RequestId] = answer;
        await _questions.Writer.WriteAsync(question, Stop);
        await UnlessEndedAsync(answer.Task);
        return await answer.Task;
    }

    private async Task UnlessEndedAsync(Task task)
    {
        Task first = await Task.WhenAny(task, _ended).WaitAsync(s_limit, Stop);
        Assert.True(first == task, $"The worker has ended: {Log}");
    }

    private void Keep(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    private void Take(StreamingMessage message)
    {
        if (message.ContentCase == StreamingMessage.ContentOneofCase.StartStream)
            _connected.SetResult();
        else if (message.ContentCase == StreamingMessage.ContentOneofCase.RpcLog)
            Keep($"{message.RpcLog.Message} {message.RpcLog.Exception?.Message}");
        else if (_answers.TryRemove(message.RequestId, out TaskCompletionSource<StreamingMessage>? answer))
            answer.SetResult(message);
    }

    /// <summary>The one connection that the worker opens.</summary>
    private sealed class Worker(FunctionsHost host) : FunctionRpc.FunctionRpcBase
    {
        public override async Task EventStream(
            IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
        {
            Task sending = SendAsync(responseStream, context.CancellationToken);
            try
            {
                await foreach (StreamingMessage message in requestStream.ReadAllAsync(context.CancellationToken))
                    host.Take(message);
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException)
            {
                // The worker has ended, which is seen by its process.
            }

            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private async Task SendAsync(IServerStreamWriter<StreamingMessage> worker, CancellationToken cancellationToken)
        {
            await foreach (StreamingMessage question in host._questions.Reader.ReadAllAsync(cancellationToken))
                await worker.WriteAsync(question, cancellationToken);
        }
    }
}
