using System.CommandLine;
using NrSer.Cli;
using NrSer.Cli.Commands;

// Ctrl-C asks stages to stop and storage to close; that may take a while and must not be cut short.
ParseResult parsed = RootCommands.Create().Parse(args);
int exitCode = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
return parsed.Errors.Count > 0 ? ExitCode.BadInput : exitCode;
