using System.Collections.Immutable;

namespace Gemma4.Server.Mapping;

/// <summary>What a request says of the use of its functions, in no API's own words.</summary>
internal abstract record ToolChoice
{
    /// <summary>Any of the declared functions, or none.</summary>
    /// <param name="Use">Whether the turn calls.</param>
    public sealed record Any(ToolUse Use) : ToolChoice;

    /// <summary>This function must be called.</summary>
    /// <param name="Name">The function.</param>
    /// <param name="Param">Where the request names it, for errors.</param>
    public sealed record Named(string Name, string Param) : ToolChoice;

    /// <summary>Only these functions may be called.</summary>
    /// <param name="Functions">Their names, and where the request names them.</param>
    /// <param name="Use">Whether the turn calls.</param>
    public sealed record Among(ImmutableArray<(string Name, string Param)> Functions, ToolUse Use) : ToolChoice;
}
