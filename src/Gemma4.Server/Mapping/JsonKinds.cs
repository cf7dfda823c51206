using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Mapping;

/// <summary>Names of JSON values as the API's messages spell them, and which .NET type takes which.</summary>
internal static class JsonKinds
{
    /// <summary>What was got: "a string", "an integer", …</summary>
    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "a string",
        JsonValueKind.Number => IsInteger(value) ? "an integer" : "a decimal",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        _ => "null",
    };

    /// <summary>What was expected: "a string", "an array of objects", "one of a string or array of objects", …</summary>
    public static string Expected(JsonTypeInfo type, IReadOnlyList<Type>? shapes)
    {
        if (shapes is null)
            return Expected(type);
        string[] names = [.. shapes.Select(s => Expected(type.Options.GetTypeInfo(s)))];
        return "one of " + names[0] + string.Concat(names.Skip(1).Select(n => " or " + n[(n.IndexOf(' ') + 1)..]));
    }

    /// <summary>Whether the value's kind is the type's.</summary>
    public static bool Fits(JsonElement value, Type type, bool mustBeObject)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return value.ValueKind switch
        {
            JsonValueKind.Object when type == typeof(JsonElement) => true,
            _ when type == typeof(JsonElement) => !mustBeObject,
            JsonValueKind.String => type == typeof(string),
            JsonValueKind.True or JsonValueKind.False => type == typeof(bool),
            JsonValueKind.Number when IsWhole(type) => IsInteger(value),
            JsonValueKind.Number => IsReal(type),
            JsonValueKind.Array => IsArray(type),
            JsonValueKind.Object => type.IsClass && type != typeof(string) && !IsArray(type),
            _ => false,
        };
    }

    public static bool IsArray(Type type) => type.IsArray;

    public static bool IsWhole(Type type) => type == typeof(int) || type == typeof(long);

    /// <summary>Written without fraction or exponent, of any size.</summary>
    public static bool IsInteger(JsonElement number) => number.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;

    private static bool IsReal(Type type) => type == typeof(float) || type == typeof(double);

    private static string Expected(JsonTypeInfo info)
    {
        Type type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        if (type == typeof(string))
            return "a string";
        if (type == typeof(bool))
            return "a boolean";
        if (IsWhole(type))
            return "an integer";
        if (IsReal(type))
            return "a decimal";
        if (!IsArray(type))
            return "an object";
        string of = Expected(info.Options.GetTypeInfo(info.ElementType!), ShapesOf(info.ElementType!));
        return of.StartsWith("one of", StringComparison.Ordinal) ? "an array" : $"an array of {of[(of.IndexOf(' ') + 1)..]}s";
    }

    /// <summary>The shapes a type declares with <see cref="OneOfAttribute"/>; null when it is what it is.</summary>
    public static IReadOnlyList<Type>? ShapesOf(Type type) =>
        ((OneOfAttribute?)Attribute.GetCustomAttribute(Nullable.GetUnderlyingType(type) ?? type, typeof(OneOfAttribute)))?.Shapes;
}
