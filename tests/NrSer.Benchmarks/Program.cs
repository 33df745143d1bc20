using BenchmarkDotNet.Running;
using NrSer.Benchmarks;

if (args is ["lake", .. var more])
    await LakeLoad.RunAsync(more);
else if (args is ["cuda"])
    return CudaComparison.Run();
else
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
