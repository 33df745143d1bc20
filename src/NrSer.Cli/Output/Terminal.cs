using Spectre.Console;

namespace NrSer.Cli.Output;

/// <summary>Data goes to standard output, everything said to people to standard error: pipes stay clean.</summary>
internal static class Terminal
{
    /// <summary>Standard error, with colour and progress bars where it is a terminal.</summary>
    public static IAnsiConsole Notes { get; } = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new WideOutput(Console.Error),
        Interactive = Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Yes, // data may go into a file while a person watches
    });

    /// <summary>Standard output, for tables.</summary>
    public static IAnsiConsole Data { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new WideOutput(Console.Out) });

    /// <summary>Says what went wrong, in one line.</summary>
    public static void Error(string message) => Notes.MarkupLineInterpolated($"[red]error:[/] {message.ReplaceLineEndings(" ")}");

    /// <summary>Says something on the way.</summary>
    public static void Note(string message) => Notes.MarkupLineInterpolated($"[grey]{message}[/]");

    /// <summary>Shows a bar while long work runs; silent where nobody watches.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="work">Reports the share done, 0 to 1.</param>
    public static Task<T> WithProgressAsync<T>(string title, Func<Action<double>, Task<T>> work)
    {
        if (!Notes.Profile.Capabilities.Interactive)
            return work(_ => { });
        return Notes.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: 1);
                return work(share => task.Value = Math.Clamp(share, 0, 1));
            });
    }

    /// <summary>A pipe has no width: rows must not be wrapped at an imagined one.</summary>
    private sealed class WideOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        private readonly AnsiConsoleOutput _inner = new(writer);

        public TextWriter Writer => _inner.Writer;

        public bool IsTerminal => _inner.IsTerminal;

        public int Width => IsTerminal ? _inner.Width : 100_000;

        public int Height => _inner.Height;

        public void SetEncoding(System.Text.Encoding encoding) => _inner.SetEncoding(encoding);
    }
}
