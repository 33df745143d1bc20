using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser purpose</c>: what results may be used for.</summary>
internal static class PurposeCommand
{
    private const int MostChars = 200;

    private static readonly string[] s_settings = ["workplace", "education"];
    private static readonly string[] s_names = ["research", "media-archive", "accessibility", "medical", "safety", "other"];

    public static Command Create(Terminal terminal) =>
        new("purpose", "What results may be used for: kept in rows, receipts and exports from then on.") { Show(terminal), Set(terminal) };

    private static Command Show(Terminal terminal)
    {
        var command = new Command("show", "Shows it.");
        command.RunOnForgotten(terminal, async (_, services, _, cancellationToken) =>
        {
            DeploymentV1? said = await services.GetRequiredService<DeploymentBlob>().FindAsync(cancellationToken);
            terminal.Out.WriteLine(Sentence(said));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>What a deployment says of its purpose, for people.</summary>
    public static string Sentence(DeploymentV1? said) => said is null ? "No purpose was set. Set one with: nrser purpose set"
        : $"{said.Label}{(said.Setting is { } setting ? $", {setting}" : "")} (set {said.SetAt:yyyy-MM-dd}). "
            + $"Contact: {said.Contact ?? "nobody is named"}";

    private static Command Set(Terminal terminal)
    {
        var purpose = new Argument<string>("purpose") { Description = $"One of {string.Join(", ", s_names)}." };
        var setting = new Option<string?>("--at") { Description = "Where people depend on those who listen: workplace or education." };
        var text = new Option<string?>("--text") { Description = "In words; needed for other." };
        var contact = new Option<string?>("--contact") { Description = "Whom to ask, such as an address of mail." };
        var command = new Command(
            "set", "Sets it, for what is taken in from now on. Work and education are refused, unless for medical or safety reasons.")
        { purpose, setting, text, contact };
        command.RunOnForgotten(terminal, async (parsed, services, _, cancellationToken) =>
        {
            DeploymentV1 said = Read(
                parsed.GetRequiredValue(purpose), parsed.GetValue(setting), parsed.GetValue(text), parsed.GetValue(contact),
                services.GetRequiredService<TimeProvider>().GetUtcNow());
            await services.GetRequiredService<DeploymentBlob>().WriteAsync(said, cancellationToken);
            terminal.Out.WriteLine(Sentence(said));
            return ExitCode.Success;
        });
        return command;
    }

    private static DeploymentV1 Read(string purpose, string? setting, string? text, string? contact, DateTimeOffset now)
    {
        string name = purpose.ToLowerInvariant();
        if (s_settings.Contains(name, StringComparer.Ordinal))
        {
            throw new UsageException(
                $"{PurposeRules.WhyNot(Purpose.Other, Enum.Parse<PurposeSetting>(name, ignoreCase: true))} If it is for such a reason: "
                + $"nrser purpose set medical --at {name}");
        }

        int index = Array.IndexOf(s_names, name);
        if (index < 0)
            throw new UsageException($"'{purpose}' is no purpose: it can be {string.Join(", ", s_names)}.");
        PurposeSetting? at = setting is null ? null
            : Enum.TryParse(setting, ignoreCase: true, out PurposeSetting known) && s_settings.Contains(setting.ToLowerInvariant()) ? known
            : throw new UsageException($"--at takes workplace or education, not '{setting}'.");
        if (PurposeRules.WhyNot((Purpose)index, at) is { } why)
            throw new UsageException(why);
        if ((Purpose)index == Purpose.Other && string.IsNullOrWhiteSpace(text))
            throw new UsageException("Say with --text what other purpose that is.");
        if ((text?.Length ?? 0) > MostChars || (contact?.Length ?? 0) > MostChars)
            throw new UsageException($"--text and --contact take up to {MostChars} characters.");
        return new DeploymentV1(1, (Purpose)index, at, string.IsNullOrWhiteSpace(text) ? null : text.ReplaceLineEndings(" ").Trim(), contact, now);
    }
}
