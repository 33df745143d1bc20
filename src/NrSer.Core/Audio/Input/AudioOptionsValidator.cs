using Microsoft.Extensions.Options;

namespace NrSer.Core.Audio.Input;

/// <summary>Checks <see cref="AudioOptions"/> against its ranges; generated from the attributes.</summary>
[OptionsValidator]
public sealed partial class AudioOptionsValidator : IValidateOptions<AudioOptions>;
