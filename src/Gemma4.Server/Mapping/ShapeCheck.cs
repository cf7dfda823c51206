using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gemma4.Server.Errors;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Mapping;

/// <summary>Checks a JSON body against the types and attributes of its DTO, in the DTO's order, and names the first fault by its
/// full path: what System.Text.Json refuses it does not explain to a caller.</summary>
/// <remarks>The same attributes make the OpenAPI document, so the two cannot disagree.</remarks>
internal sealed class ShapeCheck(bool refuseUnknown)
{
    /// <exception cref="ApiException">The first fault.</exception>
    public void Check(JsonElement body, JsonTypeInfo type) => CheckObject(body, type, "");

    private void CheckObject(JsonElement value, JsonTypeInfo type, string path)
    {
        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (property.Get is null && property.Set is null)
                continue;
            string at = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if (!value.TryGetProperty(property.Name, out JsonElement given))
            {
                if (property.IsRequired)
                    throw Fault.Missing(at);
            }
            else if (given.ValueKind != JsonValueKind.Null || property.IsRequired)
            {
                RefuseUnsupported(value, property, at);
                CheckProperty(given, property, type.Options, at);
            }
        }
        if (refuseUnknown)
            RefuseUnknown(value, type, path);
    }

    private void CheckProperty(JsonElement value, JsonPropertyInfo property, JsonSerializerOptions options, string at)
    {
        ICustomAttributeProvider attributes = property.AttributeProvider!;
        CheckValue(value, property.PropertyType, options, at, Find<JsonObjectAttribute>(attributes) is not null);
        foreach (ValidationAttribute rule in attributes.GetCustomAttributes(typeof(ValidationAttribute), inherit: true).Cast<ValidationAttribute>())
            ValueRules.Check(rule, value, at);
    }

    private static void RefuseUnsupported(JsonElement owner, JsonPropertyInfo property, string at)
    {
        if (Find<UnsupportedAttribute>(property.AttributeProvider!) is not { } unsupported)
            return;
        if (unsupported.ReplacedBy is { } other && owner.TryGetProperty(other, out JsonElement given) && given.ValueKind != JsonValueKind.Null)
            throw Fault.Of($"'{at}' and '{other}' cannot be used together.", at, "invalid_parameter_combination");
        throw Fault.UnsupportedParameter(at, unsupported.Reason, unsupported.Code);
    }

    private void CheckValue(JsonElement value, Type declared, JsonSerializerOptions options, string at, bool mustBeObject = false)
    {
        IReadOnlyList<Type>? shapes = JsonKinds.ShapesOf(declared);
        Type? shape = shapes is null
            ? (JsonKinds.Fits(value, declared, mustBeObject) ? declared : null)
            : shapes.FirstOrDefault(s => JsonKinds.Fits(value, s, mustBeObject));
        if (shape is null)
            throw Fault.Type(at, JsonKinds.Expected(options.GetTypeInfo(declared), shapes), JsonKinds.Describe(value));
        shape = Nullable.GetUnderlyingType(shape) ?? shape;
        if (JsonKinds.IsWhole(shape))
        {
            ValueRules.CheckWhole(value, shape, at);
            return;
        }
        JsonTypeInfo type = options.GetTypeInfo(shape);
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                CheckObject(value, type, at);
                break;
            case JsonTypeInfoKind.Enumerable:
                int index = -1;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    index++;
                    // Lists of numbers may have millions: only what is at fault needs its path.
                    if (type.ElementType != typeof(int) || item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out _))
                        CheckValue(item, type.ElementType!, options, $"{at}[{index}]");
                }
                break;
            case JsonTypeInfoKind.Dictionary:
                foreach (JsonProperty entry in value.EnumerateObject())
                    CheckValue(entry.Value, type.ElementType!, options, $"{at}.{entry.Name}");
                break;
        }
    }

    private static void RefuseUnknown(JsonElement value, JsonTypeInfo type, string path)
    {
        foreach (JsonProperty given in value.EnumerateObject())
        {
            if (!type.Properties.Any(p => p.Name == given.Name))
                throw Fault.Unknown(path.Length == 0 ? given.Name : $"{path}.{given.Name}", path.Length == 0);
        }
    }

    private static T? Find<T>(ICustomAttributeProvider attributes)
        where T : Attribute => (T?)attributes.GetCustomAttributes(typeof(T), inherit: true).FirstOrDefault();
}
