namespace NrSer.Pipeline.Lake;

/// <summary>A column of a table of the lake: what parts, their schema, BI models and the documentation are made from.</summary>
/// <param name="Name">As in every other form of the results.</param>
/// <param name="SqlType">Its type in DuckDB, and by it in Parquet.</param>
/// <param name="Unit">Unit or range of its numbers; null where there is none.</param>
/// <param name="IsNullable">Whether a row may lack it.</param>
/// <param name="Meaning">What it says, and how to read it.</param>
/// <param name="Expression">SQL over the columns of the results where it is made from them; null where it is one of them.</param>
public sealed record LakeColumn(string Name, string SqlType, string? Unit, bool IsNullable, string Meaning, string? Expression = null);
