namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>One option of a choice that a schema leaves: further schemas to hold, further facts of the shape.</summary>
internal sealed record Alternative(SchemaRef[] Schemas, Action<Shape>? Facts = null)
{
    public static Alternative Of(params SchemaRef[] schemas) => new(schemas);

    /// <summary>A fact about values of one type; other types are not of this option.</summary>
    public static Alternative Of(JsonTypes type, Action<Shape> fact, params SchemaRef[] schemas) => new(schemas, shape =>
    {
        shape.Types &= type;
        fact(shape);
    });
}

/// <summary>What a schema asks of a shape, split into what is certain and what is a choice.</summary>
internal sealed class Demands
{
    /// <summary>Schemas that must hold too, at the same value.</summary>
    public List<SchemaRef> Also { get; } = [];

    /// <summary>Of each, one must hold.</summary>
    public List<Alternative[]> Choices { get; } = [];

    /// <summary>Of each, exactly one must hold.</summary>
    public List<SchemaRef[]> ExactlyOne { get; } = [];
}
