using Gemma4.Engine;
using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;

namespace Gemma4.Verification;

/// <summary>A conversation and the prompt it must become: one line of a case file.</summary>
internal static class RenderCase
{
    /// <summary>Null when the prompt is as expected, else the difference.</summary>
    public static string? Run(JsonElement renderCase, RenderTemplates templates)
    {
        try
        {
            string prompt = templates[renderCase.GetProperty("model_family").GetString()!].Render(
                ConversationJson.Messages(renderCase.GetProperty("messages")),
                ConversationJson.Tools(renderCase),
                new ChatRenderOptions { EnableThinking = renderCase.GetProperty("thinking").GetBoolean() }).Text;
            string expected = renderCase.GetProperty("expect_prompt").GetString()!;
            return prompt == expected
                ? null
                : $"the prompt is {JsonSerializer.Serialize(prompt)}, expected {JsonSerializer.Serialize(expected)}";
        }
        catch (RequestRejectedException refusal)
        {
            return $"refused: {refusal.Message}";
        }
    }
}
