using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Api;

/// <summary>The API's own description, OpenAPI 3.1.</summary>
internal static class ApiDocument
{
    public const string Name = "v1";

    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "NrSer", Version = Name,
                Description = "What was heard in recordings, and how far it can be trusted. On a laptop, sign in by the address that nrser "
                    + "printed, or send its token: `Authorization: Bearer …`. What changes something needs the header X-NrSer-Request. Errors are "
                    + "RFC 9457 problems; unknown parameters are refused by name.",
            };
            document.Servers = []; // an address of this machine
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(Recording))
                Describe(schema, RecordingColumns.All);
            else if (context.JsonTypeInfo.Type == typeof(Segment))
                Describe(schema, SegmentColumns.All.Where(column => !column.IsKey));
            if (context.ParameterDescription?.ParameterDescriptor is IParameterInfoParameterDescriptor { ParameterInfo: var parameter }
                && parameter.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
                schema.Enum = [.. allowed.Values.Select(value => JsonSerializer.SerializeToNode(value)!)];
            return Task.CompletedTask;
        });
    }

    private static void Describe<TRow>(OpenApiSchema schema, IEnumerable<Column<TRow>> columns)
    {
        schema.Type = JsonSchemaType.Object;
        schema.Properties = columns.ToDictionary(
            column => JsonNamingPolicy.CamelCase.ConvertName(column.Name), column => (IOpenApiSchema)new OpenApiSchema
            {
                Type = column.IsNullable ? TypeOf(column.Type) | JsonSchemaType.Null : TypeOf(column.Type),
                Format = column.Type == typeof(DateTimeOffset) ? "date-time" : null,
                Description = column.Unit is null ? column.Meaning : $"{column.Meaning} Unit: {column.Unit}.",
            }, StringComparer.Ordinal);
    }

    private static JsonSchemaType TypeOf(Type type) =>
        type == typeof(int) || type == typeof(long) ? JsonSchemaType.Integer
        : type == typeof(float) || type == typeof(double) ? JsonSchemaType.Number
        : type == typeof(bool) ? JsonSchemaType.Boolean : JsonSchemaType.String;
}
