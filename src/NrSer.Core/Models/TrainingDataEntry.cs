namespace NrSer.Core.Models;

/// <summary>A corpus behind a model.</summary>
/// <param name="Name">As it is cited.</param>
/// <param name="Licence">Its licence, or the plain statement that none is given.</param>
public sealed record TrainingDataEntry(string Name, string Licence);
