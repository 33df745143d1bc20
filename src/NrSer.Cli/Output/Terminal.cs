using System.Collections;
using NrSer.Core.Audio;
using Spectre.Console;

namespace NrSer.Cli.Output;

/// <summary>
/// What a command is typed at. Data goes to standard output, everything said to people to standard error: pipes stay clean. The environment holds
/// the settings.
/// </summary>
internal sealed class Terminal
{
    private readonly Func<Stream> _openOutput;

    /// <param name="output">Standard output, for text.</param>
    /// <param name="openOutput">Standard output, for bytes.</param>
    /// <param name="errors">Standard error.</param>
    /// <param name="isWatched">Whether a person watches standard error.</param>
    /// <param name="environment">All variables.</param>
    public Terminal(TextWriter output, Func<Stream> openOutput, TextWriter errors, bool isWatched, IReadOnlyDictionary<string, string> environment)
    {
        (Out, Errors, Environment, _openOutput) = (output, errors, environment, openOutput);
        Data = AnsiConsole.Create(SettingsFor(output));
        AnsiConsoleSettings settings = SettingsFor(errors);
        settings.Interactive = isWatched ? InteractionSupport.Yes : InteractionSupport.No; // data may go into a file while a person watches
        Notes = AnsiConsole.Create(settings);

        static AnsiConsoleSettings SettingsFor(TextWriter writer)
        {
            var wide = new WideOutput(writer);
            return new AnsiConsoleSettings { Out = wide, Ansi = wide.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No };
        }
    }

    /// <summary>Standard output, for text.</summary>
    public TextWriter Out { get; }

    /// <summary>Where a person types answers; null where nobody does.</summary>
    public TextReader? Answers { get; init; }

    /// <summary>Standard input, for text.</summary>
    public TextReader Input { get; init; } = TextReader.Null;

    /// <summary>Standard error.</summary>
    public TextWriter Errors { get; }

    /// <summary>Standard error, with colour and progress bars where it is a terminal.</summary>
    public IAnsiConsole Notes { get; }

    /// <summary>Standard output, for tables.</summary>
    public IAnsiConsole Data { get; }

    /// <summary>All variables of the environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>What the environment sets: <c>NrSer__A__B</c> is the setting <c>NrSer:A:B</c>, in any case, of which one counts.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Settings => Environment
        .Where(variable => variable.Key.StartsWith("NrSer", StringComparison.OrdinalIgnoreCase))
        .Select(variable => KeyValuePair.Create(variable.Key.Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value))
        .DistinctBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase);

    /// <summary>That of this process.</summary>
    public static Terminal OfThisProcess() => new(
        Console.Out, Console.OpenStandardOutput, Console.Error, !Console.IsErrorRedirected,
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(
            variable => (string)variable.Key, variable => (string)variable.Value!, StringComparer.Ordinal))
    {
        Answers = Console.IsInputRedirected || Console.IsErrorRedirected ? null : Console.In,
        Input = Console.In,
    };

    /// <summary>Standard output, for bytes.</summary>
    public Stream OpenOutput() => _openOutput();

    /// <summary>Says what went wrong, in one line.</summary>
    public void Error(string message) => Notes.MarkupLineInterpolated($"[red]error:[/] {message.ReplaceLineEndings(" ")}");

    /// <summary>Says what was noticed of a recording that could be used all the same.</summary>
    public void Warn(string recording, SpeechReader speech)
    {
        foreach (string warning in speech.Warnings)
            Notes.MarkupLineInterpolated($"[yellow]warning:[/] {recording}: {warning.ReplaceLineEndings(" ")}");
    }

    /// <summary>Says something on the way.</summary>
    public void Note(string message) => Notes.MarkupLineInterpolated($"[grey]{message}[/]");

    /// <summary>Shows a bar while long work runs; silent where nobody watches.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="work">Reports the share done, 0 to 1.</param>
    public Task<T> WithProgressAsync<T>(string title, Func<Action<double>, Task<T>> work)
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
