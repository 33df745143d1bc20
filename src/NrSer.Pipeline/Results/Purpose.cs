namespace NrSer.Pipeline.Results;

/// <summary>What results may be used for, as whoever answers for them has said.</summary>
public enum Purpose
{
    /// <summary>Science, with its own rules.</summary>
    Research,

    /// <summary>Finding one's way in recordings that were published or collected.</summary>
    MediaArchive,

    /// <summary>Helping people to notice what they cannot hear.</summary>
    Accessibility,

    /// <summary>Care for patients.</summary>
    Medical,

    /// <summary>Keeping people from harm.</summary>
    Safety,

    /// <summary>Something else, in words.</summary>
    Other,
}

/// <summary>Where emotions are told of people who depend on those who listen.</summary>
public enum PurposeSetting
{
    /// <summary>At work.</summary>
    Workplace,

    /// <summary>In schools and other education.</summary>
    Education,
}

/// <summary>What goes together.</summary>
public static class PurposeRules
{
    /// <summary>The law to check, which forbids it in the European Union.</summary>
    public const string Law = "Regulation (EU) 2024/1689 (AI Act), Article 5(1)(f)";

    /// <summary>Why a purpose cannot be meant for a setting; null where it can.</summary>
    /// <param name="purpose">The purpose.</param>
    /// <param name="setting">Where; null elsewhere.</param>
    public static string? WhyNot(Purpose purpose, PurposeSetting? setting) =>
        setting is null || purpose is Purpose.Medical or Purpose.Safety ? null
        : $"Emotions of people {(setting == PurposeSetting.Workplace ? "at work" : "in education")} may be inferred for medical or safety "
            + $"reasons alone: check {Law}, in force since 2025-02-02, and the law of where you are.";
}
