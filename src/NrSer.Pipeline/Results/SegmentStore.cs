namespace NrSer.Pipeline.Results;

/// <summary>Where a recording's segments stand. Result blobs always have them; recordings of version 0.1 have them in the table alone.</summary>
public enum SegmentStore
{
    /// <summary>In the table, too.</summary>
    Table,

    /// <summary>In result blobs alone: what an emulator, which keeps tables in memory, can hold by the million.</summary>
    Blob,
}
