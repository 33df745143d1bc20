using NrSer.Cli.Commands;
using NrSer.Cli.Output;

// Ctrl-C asks stages to stop and storage to close; that may take a while and must not be cut short.
return await RootCommands.RunAsync(args, Terminal.OfThisProcess(), interruptible: TimeSpan.FromMinutes(1));
