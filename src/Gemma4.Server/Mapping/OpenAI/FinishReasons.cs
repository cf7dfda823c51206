using System.Diagnostics;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>Why an answer ended, in OpenAI's words; some clients throw on any other.</summary>
internal static class FinishReasons
{
    /// <param name="reason">As the engine and the parser saw it.</param>
    /// <param name="hasCalls">Whether the answer has tool calls.</param>
    /// <param name="isNamed">Whether the request named the function: OpenAI then says <c>stop</c>.</param>
    public static string Map(FinishReason reason, bool hasCalls, bool isNamed) => reason switch
    {
        FinishReason.Stop => hasCalls && !isNamed ? "tool_calls" : "stop",
        FinishReason.Length => "length",
        _ => throw new UnreachableException($"{reason} is no answer"),
    };
}
