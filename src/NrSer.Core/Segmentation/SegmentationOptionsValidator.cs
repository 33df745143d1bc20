using Microsoft.Extensions.Options;

namespace NrSer.Core.Segmentation;

[OptionsValidator]
internal sealed partial class SegmentationOptionsValidator : IValidateOptions<SegmentationOptions>;
