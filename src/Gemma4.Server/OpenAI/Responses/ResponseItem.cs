using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>One item of a conversation, given or generated; <see cref="Type"/> says which of the other fields it has.</summary>
internal sealed record ResponseItem
{
    /// <summary>What the item is; a message when left out.</summary>
    [AllowedValues("message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning", "item_reference")]
    public string? Type { get; init; }

    /// <summary>Names the item.</summary>
    public string? Id { get; init; }

    /// <summary>Whether it is whole.</summary>
    [AllowedValues("in_progress", "completed", "incomplete")]
    public string? Status { get; init; }

    /// <summary>Of <c>message</c>: who speaks; <c>developer</c> is <c>system</c>.</summary>
    [AllowedValues("user", "assistant", "system", "developer")]
    public string? Role { get; init; }

    /// <summary>Of <c>reasoning</c>: the thought, where a summary was asked for.</summary>
    public ResponsePart[]? Summary { get; init; }

    /// <summary>Of <c>message</c>; of <c>reasoning</c> where no summary was asked for.</summary>
    public ResponseContent? Content { get; init; }

    /// <summary>Of calls and their outputs: names the call.</summary>
    public string? CallId { get; init; }

    /// <summary>Of calls: the tool.</summary>
    public string? Name { get; init; }

    /// <summary>Of <c>function_call</c>: JSON text of the arguments.</summary>
    public string? Arguments { get; init; }

    /// <summary>Of <c>custom_tool_call</c>: the text that the tool takes.</summary>
    public string? Input { get; init; }

    /// <summary>Of <c>function_call_output</c> and <c>custom_tool_call_output</c>.</summary>
    public ResponseContent? Output { get; init; }
}
