namespace NrSer.Cli.Output;

/// <summary>A table: cells as text, with intervals in brackets.</summary>
internal sealed record EvaluationTableV1(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
