namespace NrSer.Evaluation.Channels;

/// <summary>What may lie between voices and their recordings.</summary>
public enum ChannelKind
{
    /// <summary>Nothing: recordings as they are.</summary>
    None,

    /// <summary>300–3400 Hz, eight bits by the µ-law.</summary>
    Telephone,

    /// <summary>Recorded at 8 kHz: up to 3900 Hz.</summary>
    Eight,

    /// <summary>Recorded at 11.025 kHz: up to 5400 Hz.</summary>
    Eleven,

    /// <summary>A wideband call: 50–7000 Hz.</summary>
    Wideband,

    /// <summary>Mains hum: 50 Hz with harmonics.</summary>
    Hum,

    /// <summary>Noise below 60 Hz.</summary>
    Rumble,

    /// <summary>An offset.</summary>
    Dc,
}
