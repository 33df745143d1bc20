namespace NrSer.Testing;

/// <summary>Forms that others read, held against a copy that somebody approved: changing one is a decision, never an accident.</summary>
public static class Approved
{
    /// <summary>Compares with <c>Approved/{name}</c> of the test project.</summary>
    /// <param name="received">The form as it is now.</param>
    /// <param name="name">File name of its copy.</param>
    public static void Equal(string received, string name)
    {
        string approved = Path.Combine(AppContext.BaseDirectory, "Approved", name);
        string expected = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : "";
        if (received.ReplaceLineEndings("\n") == expected)
            return;
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "Received")).FullName, name);
        File.WriteAllText(path, received);
        (string wanted, string found) = expected.Split('\n').Append("(end)").Zip(received.ReplaceLineEndings("\n").Split('\n').Append("(end)"))
            .First(pair => pair.First != pair.Second);
        Assert.Fail(
            $"{name} is not what was approved: '{found}' instead of '{wanted}'. Others read this form. If it is to change, copy {path} over the "
            + "approved "
            + "copy, and say in CHANGELOG.md what readers have to know.");
    }
}
