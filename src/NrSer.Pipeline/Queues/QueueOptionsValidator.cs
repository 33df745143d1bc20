using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Queues;

[OptionsValidator]
internal sealed partial class QueueOptionsValidator : IValidateOptions<QueueOptions>;
