using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Reflection;
using System.Text.Json.Nodes;
using Gemma4.Server.Mapping;
using Gemma4.Server.Wire;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary>Puts into the schemas of DTOs what their own attributes say and the framework does not read: the same attributes that
/// requests are checked by.</summary>
internal sealed class DtoSchemas : IOpenApiSchemaTransformer
{
    public async Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (JsonKinds.ShapesOf(context.JsonTypeInfo.Type) is { } shapes)
        {
            schema.Type = null;
            schema.AnyOf = [];
            foreach (Type shape in shapes)
                schema.AnyOf.Add(await context.GetOrCreateSchemaAsync(shape, null, cancellationToken));
        }
        if (context.JsonPropertyInfo?.AttributeProvider is { } property)
            Describe(schema, property, Nullable.GetUnderlyingType(context.JsonPropertyInfo.PropertyType) is not null);
        else if (context.ParameterDescription?.ParameterDescriptor is IParameterInfoParameterDescriptor { ParameterInfo: { } parameter })
            Describe(schema, parameter, mayBeNull: false);
        // The framework escapes what XML comments have escaped already.
        schema.Description = WebUtility.HtmlDecode(schema.Description);
    }

    private static void Describe(OpenApiSchema schema, ICustomAttributeProvider property, bool mayBeNull)
    {
        if (Find<JsonObjectAttribute>(property) is not null)
            schema.Type = mayBeNull ? JsonSchemaType.Object | JsonSchemaType.Null : JsonSchemaType.Object;
        if (Find<AllowedValuesAttribute>(property) is { } allowed)
        {
            OpenApiSchema valued = schema.Items as OpenApiSchema ?? schema;
            valued.Enum = [.. allowed.Values.Select(v => v is int number ? JsonValue.Create(number) : (JsonNode)JsonValue.Create((string)v!))];
        }
        if (Find<DeniedValuesAttribute>(property) is { } denied)
            schema.Not = new OpenApiSchema { Enum = [.. denied.Values.Select(v => (JsonNode)JsonValue.Create((int)v!))] };
        if (Find<ExampleAttribute>(property) is { } example)
            schema.Examples = [JsonValue.Create(example.Value)];
        if (Find<MaxLengthAttribute>(property) is { } most && schema.Type is { } type && type.HasFlag(JsonSchemaType.Object))
            (schema.MaxLength, schema.MaxProperties) = (null, most.Length);
        if (Find<UnsupportedAttribute>(property) is { } unsupported)
        {
            // Null is what a field that is left out has; nothing else is taken.
            schema.Type = JsonSchemaType.Null;
            schema.Deprecated = true;
            schema.Description = $"{schema.Description} Refused: {unsupported.Reason}".Trim();
        }
    }

    private static T? Find<T>(ICustomAttributeProvider property)
        where T : Attribute => (T?)property.GetCustomAttributes(typeof(T), inherit: true).FirstOrDefault();
}
