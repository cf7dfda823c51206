namespace Gemma4.Server.Wire;

/// <summary>A raw JSON property that must be an object: a JSON schema, keyword arguments.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class JsonObjectAttribute : Attribute;
