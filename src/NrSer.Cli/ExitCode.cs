namespace NrSer.Cli;

/// <summary>What the process tells scripts.</summary>
internal static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>It ran, but some recording failed or was rejected.</summary>
    public const int SomeFailed = 1;

    /// <summary>The input or the command line is wrong.</summary>
    public const int BadInput = 2;

    /// <summary>Something this machine needs is missing: ffmpeg, Node.js, storage, a model.</summary>
    public const int Environment = 3;

    /// <summary>Interrupted, as shells report Ctrl-C.</summary>
    public const int Interrupted = 130;
}
