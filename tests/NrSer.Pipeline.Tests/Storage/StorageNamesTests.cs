using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Tests.Storage;

public sealed class StorageNamesTests
{
    public static TheoryData<string> ContainersAndQueues =>
        [.. StorageNames.Containers, .. StorageNames.StorageQueues];

    public static TheoryData<string> TableNames => [.. StorageNames.Tables];

    // Both services: 3 to 63 lower-case letters, digits and single hyphens between them.
    [Theory]
    [MemberData(nameof(ContainersAndQueues), DisableDiscoveryEnumeration = true)]
    public void Containers_AndQueues_AreValid(string name)
    {
        Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", name);
        Assert.InRange(name.Length, 3, 63);
    }

    // The service allows capitals; Power BI finds the table only without.
    [Theory]
    [MemberData(nameof(TableNames), DisableDiscoveryEnumeration = true)]
    public void Tables_AreValidAndLowerCase(string name) => Assert.Matches("^[a-z][a-z0-9]{2,62}$", name);

    [Fact]
    public void Names_OfAKind_Differ()
    {
        Assert.Distinct(StorageNames.Containers);
        Assert.Distinct(StorageNames.Tables);
        Assert.Distinct(StorageNames.StorageQueues);
    }
}
