namespace NrSer.Pipeline.Uploads;

/// <summary>The storage emulator of a stack on this machine, past its service: by what it has written down.</summary>
public interface IEmulatedStorage
{
    /// <summary>When it last wrote down what uploads there are, which it does after each change, some seconds later.</summary>
    DateTime SavedAt { get; }

    /// <summary>When the emulator before this one last did; whoever ran then may have had another clock.</summary>
    DateTime SavedBefore { get; }

    /// <summary>Whether it nears the point from which on it cannot write anything down any more.</summary>
    bool IsFull { get; }

    /// <summary>The uploads as it wrote them down; what lies under a name may be another by now.</summary>
    IEnumerable<Upload> Uploads();
}
