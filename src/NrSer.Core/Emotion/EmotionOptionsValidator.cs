using Microsoft.Extensions.Options;

namespace NrSer.Core.Emotion;

[OptionsValidator]
internal sealed partial class EmotionOptionsValidator : IValidateOptions<EmotionOptions>;
