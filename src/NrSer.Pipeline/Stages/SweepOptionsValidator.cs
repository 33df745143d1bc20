using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Stages;

[OptionsValidator]
internal sealed partial class SweepOptionsValidator : IValidateOptions<SweepOptions>;
