using System.Globalization;

namespace NrSer.Pipeline.Results;

/// <summary>One column of a row: what tables, Parquet, CSV, JSON and the documentation are made from.</summary>
/// <typeparam name="TRow">The row.</typeparam>
public abstract class Column<TRow>
{
    /// <summary>The same in every form; JSON begins it with a small letter.</summary>
    public required string Name { get; init; }

    /// <summary>Unit or range of its numbers, e.g. <c>s</c>; null where there is none.</summary>
    public string? Unit { get; init; }

    /// <summary>What a value is: <see cref="string"/>, <see cref="int"/>, <see cref="long"/>, <see cref="float"/>, <see cref="double"/>,
    /// <see cref="bool"/>,
    /// <see cref="DateTimeOffset"/> or an enumeration, which is stored by name.</summary>
    public abstract Type Type { get; }

    /// <summary>Whether a finished row may lack it.</summary>
    public required bool IsNullable { get; init; }

    /// <summary>Whether tables hold it in their keys instead of a column.</summary>
    public bool IsKey { get; init; }

    /// <summary>The stages that write it.</summary>
    public required Stage Owners { get; init; }

    /// <summary>What it says, a sentence.</summary>
    public required string Meaning { get; init; }

    /// <summary>How to read it: what null means, what to beware of; null where the meaning says it all.</summary>
    public string? Reading { get; init; }

    /// <summary>Its value in a row.</summary>
    /// <param name="row">The row.</param>
    public abstract object? ValueOf(TRow row);

    /// <summary>The row with another value.</summary>
    /// <param name="row">The row; it stays as it is.</param>
    /// <param name="value">Any number for a number, a name for an enumeration.</param>
    internal abstract TRow With(TRow row, object value);

    /// <summary>A column by its two ways between value and row; nullable where its type is, unless said otherwise.</summary>
    internal static Column<TRow, T> Of<T>(
        string name, string? unit, Stage owners, string meaning, Func<TRow, T> get, Func<TRow, T, TRow> set, string? reading = null,
        bool? isNullable = null, bool isKey = false) => new(get, set)
        {
            Name = name, Unit = unit, Owners = owners, Meaning = meaning, Reading = reading, IsKey = isKey,
            IsNullable = isNullable ?? default(T) is null,
        };
}

/// <summary>A column with its two ways between value and row.</summary>
/// <param name="get">Reads it.</param>
/// <param name="set">Makes a row that holds another value.</param>
internal sealed class Column<TRow, T>(Func<TRow, T> get, Func<TRow, T, TRow> set) : Column<TRow>
{
    public override Type Type { get; } = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);

    public override object? ValueOf(TRow row) => get(row);

    internal override TRow With(TRow row, object value) => set(row, (T)Converted(value));

    private object Converted(object value) =>
        value.GetType() == Type ? value
        : Type.IsEnum ? Enum.Parse(Type, (string)value)
        : Convert.ChangeType(value, Type, CultureInfo.InvariantCulture);
}
