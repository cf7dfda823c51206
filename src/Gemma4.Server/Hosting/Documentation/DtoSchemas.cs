using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using Gemma4.Server.Mapping;
using Gemma4.Server.OpenAI;
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
            Describe(schema, property);
    }

    private static void Describe(OpenApiSchema schema, ICustomAttributeProvider property)
    {
        if (Find<JsonObjectAttribute>(property) is not null)
            schema.Type = JsonSchemaType.Object;
        if (Find<AllowedValuesAttribute>(property) is { } allowed)
        {
            OpenApiSchema valued = schema.Items as OpenApiSchema ?? schema;
            valued.Enum = [.. allowed.Values.Select(v => v is int number ? JsonValue.Create(number) : (JsonNode)JsonValue.Create((string)v!))];
        }
        if (Find<UnsupportedAttribute>(property) is { } unsupported)
        {
            schema.Deprecated = true;
            schema.Description = $"{schema.Description} Refused: {unsupported.Reason}".Trim();
        }
    }

    private static T? Find<T>(ICustomAttributeProvider property)
        where T : Attribute => (T?)property.GetCustomAttributes(typeof(T), inherit: true).FirstOrDefault();
}
