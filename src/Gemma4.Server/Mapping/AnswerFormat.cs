using System.Collections.Immutable;
using System.Text.Json;

namespace Gemma4.Server.Mapping;

/// <summary>What an answer must look like.</summary>
/// <param name="Param">The request field that asked for it, for errors.</param>
internal abstract record AnswerFormat(string Param)
{
    /// <summary>Any JSON object.</summary>
    public sealed record JsonObject(string Param) : AnswerFormat(Param);

    /// <summary>JSON of a schema, whose name messages mention.</summary>
    public sealed record JsonSchema(JsonElement Schema, string Name, string Param) : AnswerFormat(Param)
    {
        /// <summary>The code of a refused schema, where the API has one.</summary>
        public string? Code { get; init; }
    }

    /// <summary>Text that matches a regular expression as a whole.</summary>
    public sealed record Regex(string Pattern, string Param) : AnswerFormat(Param);

    /// <summary>One of some texts.</summary>
    public sealed record Choice(ImmutableArray<string> Values, string Param) : AnswerFormat(Param);

    /// <summary>Text of a grammar.</summary>
    public sealed record Grammar(string Text, string Param) : AnswerFormat(Param);
}
