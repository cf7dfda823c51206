using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Verification;

/// <summary>A conversation and the prompt it must become: one line of a case file.</summary>
internal static class RenderCase
{
    /// <summary>Null when the prompt is as expected, else the difference.</summary>
    public static string? Run(JsonElement renderCase, RenderTemplates templates)
    {
        try
        {
            string prompt = templates[renderCase.GetProperty("model_family").GetString()!].Render(Input(renderCase)).Chars;
            string expected = renderCase.GetProperty("expect_prompt").GetString()!;
            return prompt == expected
                ? null
                : $"the prompt is {JsonSerializer.Serialize(prompt)}, expected {JsonSerializer.Serialize(expected)}";
        }
        catch (ChatTemplateException refusal)
        {
            return $"refused: {refusal.Message}";
        }
    }

    private static TemplateInput Input(JsonElement renderCase)
    {
        bool hasTools = renderCase.TryGetProperty("tools", out JsonElement tools) && tools.ValueKind == JsonValueKind.Array;
        return new TemplateInput(
            [.. renderCase.GetProperty("messages").EnumerateArray().Select(JsonValues.Convert)],
            hasTools ? [.. tools.EnumerateArray().Select(JsonValues.Convert)] : null,
            AddGenerationPrompt: true,
            ContinueFinalMessage: false,
            [
                new("bos_token", Text.Template("<bos>")),
                new("eos_token", Text.Template("<eos>")),
                new("enable_thinking", BoolValue.Of(renderCase.GetProperty("thinking").GetBoolean())),
            ]);
    }
}
