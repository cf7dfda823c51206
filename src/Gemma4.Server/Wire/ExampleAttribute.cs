namespace Gemma4.Server.Wire;

/// <summary>A value of a form's field, for the OpenAPI document: what Swagger UI's form starts with. Without one it starts with <c>string</c>.</summary>
/// <param name="value">The value; empty where the field is best left out.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ExampleAttribute(string value) : Attribute
{
    /// <summary>The value.</summary>
    public string Value => value;
}
