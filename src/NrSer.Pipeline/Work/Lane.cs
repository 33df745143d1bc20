namespace NrSer.Pipeline.Work;

/// <summary>Which of a stage's two queues a recording takes through the flow.</summary>
public enum Lane
{
    /// <summary>Somebody waits for it.</summary>
    Live,

    /// <summary>One of an archive: it keeps nobody waiting.</summary>
    Bulk,
}
