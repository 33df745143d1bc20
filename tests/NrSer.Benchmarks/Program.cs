using BenchmarkDotNet.Running;
using NrSer.Benchmarks;

if (args is ["lake", .. var more])
    await LakeLoad.RunAsync(more);
else
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
