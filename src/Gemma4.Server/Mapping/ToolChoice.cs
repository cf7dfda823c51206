using System.Collections.Immutable;

namespace Gemma4.Server.Mapping;

/// <summary>What a request says of the use of its tools, in no API's own words.</summary>
internal abstract record ToolChoice
{
    /// <summary>Any of the declared tools, or none.</summary>
    /// <param name="Use">Whether the turn calls.</param>
    public sealed record Any(ToolUse Use) : ToolChoice;

    /// <summary>This tool must be called.</summary>
    public sealed record Named(ToolReference Tool) : ToolChoice;

    /// <summary>Only these tools may be called.</summary>
    /// <param name="Tools">Which.</param>
    /// <param name="Use">Whether the turn calls.</param>
    public sealed record Among(ImmutableArray<ToolReference> Tools, ToolUse Use) : ToolChoice;
}

/// <summary>A declared tool that a request names.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsCustom">Whether it takes free text.</param>
/// <param name="Param">Where the request names it, for errors.</param>
internal readonly record struct ToolReference(string Name, bool IsCustom, string Param);
