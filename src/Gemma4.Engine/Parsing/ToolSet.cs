using System.Collections.Immutable;

namespace Gemma4.Engine.Parsing;

/// <summary>The tools of a request, by name.</summary>
internal sealed class ToolSet
{
    private readonly Dictionary<string, ParameterSchema> _schemas;

    public ToolSet(ImmutableArray<ToolDeclaration> tools)
    {
        _schemas = new(StringComparer.Ordinal);
        foreach (ToolDeclaration tool in tools)
            _schemas[tool.Name] = ParameterSchema.Of(tool.Parameters);
    }

    public bool IsEmpty => _schemas.Count == 0;

    public bool Declares(string name) => _schemas.ContainsKey(name);

    public ParameterSchema Parameters(string name) => _schemas.GetValueOrDefault(name, ParameterSchema.Undeclared);

    /// <summary>The declared tool that a qualified name means: the only one that is its end after a colon. Null when none or many are.</summary>
    public string? FindByEnd(string qualifiedName)
    {
        string? found = null;
        foreach (string name in _schemas.Keys)
        {
            bool isEnd = qualifiedName.Length > name.Length && qualifiedName.EndsWith(name, StringComparison.Ordinal)
                && qualifiedName[^(name.Length + 1)] == ':';
            if (!isEnd)
                continue;
            if (found is not null)
                return null;
            found = name;
        }
        return found;
    }
}
