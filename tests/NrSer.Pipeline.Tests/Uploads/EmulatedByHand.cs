using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Tests.Uploads;

/// <summary>An emulator that has written down what a test says.</summary>
internal sealed class EmulatedByHand : IEmulatedStorage
{
    public List<Upload> Saved { get; } = [];

    public DateTime SavedAt => SavedBefore;

    public DateTime SavedBefore { get; init; }

    public bool IsFull => false;

    public IEnumerable<Upload> Uploads() => Saved;
}
