using System.Text.Json.Serialization;

namespace NrSer.Cli.Local;

[JsonSerializable(typeof(StackFile))]
internal sealed partial class StackJsonContext : JsonSerializerContext;
