using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>A schema at its place in the document, asserted or denied.</summary>
/// <param name="Schema">An object or a boolean.</param>
/// <param name="Pointer">Its place; with <paramref name="Denied"/> its identity.</param>
/// <param name="Denied">True for <c>not</c> this schema.</param>
internal sealed record SchemaRef(JsonElement Schema, string Pointer, bool Denied = false)
{
    private static readonly JsonElement FalseElement = JsonDocument.Parse("false").RootElement;

    /// <summary>Allows nothing.</summary>
    public static SchemaRef False { get; } = new(FalseElement, "#false");

    /// <summary>The opposite.</summary>
    public SchemaRef Not => this with { Denied = !Denied };

    /// <summary>Allows nothing at first sight.</summary>
    public bool IsFalse => Schema.ValueKind == (Denied ? JsonValueKind.True : JsonValueKind.False);

    /// <summary>About how many entries have to be looked at to apply it.</summary>
    public int Size => Schema.ValueKind == JsonValueKind.Object ? 1 + Schema.GetPropertyCount() : 1;

    public string Key => Denied ? "!" + Pointer : Pointer;

    public SchemaRef Child(string keyword, JsonElement schema) => new(schema, $"{Pointer}/{keyword}");

    public SchemaRef Child(string keyword, string name, JsonElement schema) =>
        new(schema, $"{Pointer}/{keyword}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}");

    public SchemaRef Child(string keyword, int index, JsonElement schema) => new(schema, $"{Pointer}/{keyword}/{index}");

    public bool Equals(SchemaRef? other) => other is not null && Denied == other.Denied && Pointer == other.Pointer;

    public override int GetHashCode() => HashCode.Combine(Pointer, Denied);

    /// <summary>The refusal of something at this place.</summary>
    public ConstraintException Refuse(string reason, string? keyword = null) => new(keyword is null ? Pointer : $"{Pointer}/{keyword}", reason);
}
