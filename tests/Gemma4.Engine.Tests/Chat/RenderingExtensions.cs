using Gemma4.Engine.Chat;
using Gemma4.Engine.Chat.Jinja.Values;
using Xunit;

namespace Gemma4.Engine.Tests.Chat;

/// <summary>Renders until the test is cancelled.</summary>
internal static class RenderingExtensions
{
    public static Text RenderNow(this ChatTemplate template, TemplateInput input) =>
        template.Render(input, TestContext.Current.CancellationToken);

    public static RenderedPrompt RenderNow(
        this ChatRenderer renderer,
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<ToolDefinition>? tools = null,
        ChatRenderOptions? options = null) => renderer.Render(messages, tools, options, TestContext.Current.CancellationToken);
}
