using System.CommandLine;
using NrSer.Cli.Commands;

// Ctrl-C asks stages to stop and storage to close; that may take a while and must not be cut short.
return await RootCommands.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
