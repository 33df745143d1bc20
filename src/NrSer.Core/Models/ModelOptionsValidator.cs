using Microsoft.Extensions.Options;

namespace NrSer.Core.Models;

[OptionsValidator]
internal sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;
