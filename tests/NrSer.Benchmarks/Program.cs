using BenchmarkDotNet.Running;
using NrSer.Benchmarks;

if (args is ["lake", "codecs"])
    await LakeCodecs.RunAsync();
else if (args is ["lake", .. var more])
    await LakeLoad.RunAsync(more);
else if (args is ["cuda"])
    return CudaComparison.Run();
else if (args is ["feed"])
    await FeedReading.RunAsync();
else if (args is ["ticks"])
    await TickCounts.RunAsync();
else if (args is ["files", var folder, var count])
    await FileRate.RunAsync(folder, int.Parse(count, System.Globalization.CultureInfo.InvariantCulture));
else if (args is ["hub"])
    await LocalHub.RunAsync();
else if (args is ["speech", var network, var manifest, .. var channel])
    await SpeechYardstick.RunAsync(network, manifest, channel is [var kind] ? kind : "none");
else if (args is ["workers"])
    WorkerSimulation.Run();
else
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
