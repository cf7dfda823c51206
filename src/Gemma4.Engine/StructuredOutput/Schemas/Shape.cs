using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>JSON's types.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Number = 4,
    String = 8,
    Array = 16,
    Object = 32,
    All = 63,
}

/// <summary>Whether a number must be whole.</summary>
internal enum Wholeness
{
    Any,
    Whole,
    Fractional,
    Neither,
}

/// <summary>One way to satisfy a conjunction of schemas: everything that is asked of a value, gathered, without choices.</summary>
/// <remarks>A schema is the union of its shapes. Filled by <see cref="SchemaExpander"/>.</remarks>
internal sealed class Shape
{
    private HashSet<string> _isRequired = [];

    public JsonTypes Types { get; set; } = JsonTypes.All;

    /// <summary>The only values allowed; null when not enumerated.</summary>
    public List<JsonElement>? Values { get; set; }

    public List<JsonElement> Excluded { get; private set; } = [];

    public Wholeness Wholeness { get; set; }

    public List<NumberBound> Bounds { get; private set; } = [];

    /// <summary>Divisors, asserted or denied.</summary>
    public List<(decimal Divisor, bool Denied)> Divisors { get; private set; } = [];

    public int MinLength { get; set; }

    public int MaxLength { get; set; } = int.MaxValue;

    /// <summary>Patterns to be found in the string, asserted or denied.</summary>
    public List<(string Pattern, bool Denied, SchemaRef Origin)> Patterns { get; private set; } = [];

    /// <summary>Known formats of the string, asserted or denied.</summary>
    public List<(string Format, bool Denied, SchemaRef Origin)> Formats { get; private set; } = [];

    public int MinItems { get; set; }

    public int MaxItems { get; set; } = int.MaxValue;

    public List<ArrayGroup> ArrayGroups { get; private set; } = [];

    public List<ContainsRule> Contains { get; private set; } = [];

    /// <summary>The schema that asks for unique items; null when none does.</summary>
    public SchemaRef? UniqueItems { get; set; }

    public int MinProperties { get; set; }

    public int MaxProperties { get; set; } = int.MaxValue;

    public List<ObjectGroup> ObjectGroups { get; private set; } = [];

    /// <summary>Further demands on single properties' values.</summary>
    public List<(string Name, SchemaRef Value)> Properties { get; private set; } = [];

    /// <summary>In order, each once.</summary>
    public List<string> Required { get; private set; } = [];

    public List<SchemaRef> PropertyNames { get; private set; } = [];

    public List<(string Name, string[] Needs)> Dependencies { get; private set; } = [];

    public List<PropertyRule> MustHold { get; private set; } = [];

    /// <summary>Where to point when this shape is refused.</summary>
    public required SchemaRef Origin { get; init; }

    /// <summary>About how many entries it holds.</summary>
    public int Size =>
        8 + (Values?.Count ?? 0) + Excluded.Count + Bounds.Count + Patterns.Count + ArrayGroups.Count + ObjectGroups.Count + Properties.Count
        + Required.Count + Dependencies.Count + MustHold.Count;

    public Shape Clone()
    {
        Shape copy = (Shape)MemberwiseClone();
        copy.Values = Values is null ? null : [.. Values];
        copy.Excluded = [.. Excluded];
        copy.Bounds = [.. Bounds];
        copy.Divisors = [.. Divisors];
        copy.Patterns = [.. Patterns];
        copy.Formats = [.. Formats];
        copy.ArrayGroups = [.. ArrayGroups];
        copy.Contains = [.. Contains];
        copy.ObjectGroups = [.. ObjectGroups];
        copy.Properties = [.. Properties];
        copy.Required = [.. Required];
        copy._isRequired = [.. _isRequired];
        copy.PropertyNames = [.. PropertyNames];
        copy.Dependencies = [.. Dependencies];
        copy.MustHold = [.. MustHold];
        return copy;
    }

    /// <summary>Nothing can satisfy it, at first sight.</summary>
    public bool IsContradictory => Types == JsonTypes.None || Values is { Count: 0 };

    public void Require(string name)
    {
        if (_isRequired.Add(name))
            Required.Add(name);
    }

    public bool IsRequired(string name) => _isRequired.Contains(name);

    /// <summary>The schemas of the item at an index.</summary>
    public IEnumerable<SchemaRef> ItemAt(int index)
    {
        foreach (ArrayGroup group in ArrayGroups)
        {
            if (index < group.Prefix.Length)
                yield return group.Prefix[index];
            else if (group.Rest is not null)
                yield return group.Rest;
        }
    }
}

/// <summary>A bound of a number.</summary>
/// <param name="Value">As written in the schema.</param>
/// <param name="Relation">How the number stands to it.</param>
internal readonly record struct NumberBound(string Value, Relation Relation);

/// <summary>How one number stands to another.</summary>
internal enum Relation
{
    Less,
    AtMost,
    AtLeast,
    Greater,
    NotEqual,
}

/// <summary>What one schema asks of the items of an array.</summary>
internal sealed record ArrayGroup(SchemaRef[] Prefix, SchemaRef? Rest);

/// <summary>How many items must satisfy a schema.</summary>
internal sealed record ContainsRule(SchemaRef Item, int Min, int Max);

/// <summary>What one schema asks of an object's properties.</summary>
internal sealed record ObjectGroup(
    IReadOnlyDictionary<string, SchemaRef> Properties, (string Pattern, SchemaRef Value)[] Patterns, SchemaRef? Additional, SchemaRef Origin);

/// <summary>Some property must have such a value: one that <paramref name="Pattern"/> matches, or without it one that
/// <paramref name="Group"/> counts as additional.</summary>
internal sealed record PropertyRule(ObjectGroup Group, string? Pattern, SchemaRef Value);
