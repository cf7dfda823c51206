using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat;

/// <summary>What a chat template is rendered from, as values of its language.</summary>
/// <param name="Messages">The conversation.</param>
/// <param name="Tools">The declared tools; null where there are none.</param>
/// <param name="AddGenerationPrompt">Whether the prompt opens the model's turn.</param>
/// <param name="ContinueFinalMessage">Whether the prompt ends inside the last message, for the model to go on with it.</param>
/// <param name="Variables">Everything else the template may speak of; later entries replace earlier ones.</param>
internal sealed record TemplateInput(
    IReadOnlyList<Value> Messages,
    IReadOnlyList<Value>? Tools,
    bool AddGenerationPrompt,
    bool ContinueFinalMessage,
    IEnumerable<KeyValuePair<string, Value>> Variables)
{
    /// <summary>All variables by name, as the reference passes them: absent tools and documents are there, as none.</summary>
    public IEnumerable<KeyValuePair<string, Value>> All(IReadOnlyList<Value> messages) =>
    [
        .. Variables,
        new("messages", new ListValue(messages)),
        new("tools", Tools is null ? NoneValue.Instance : new ListValue(Tools)),
        new("documents", Variables.LastOrDefault(v => v.Key == "documents").Value ?? NoneValue.Instance),
        new("add_generation_prompt", BoolValue.Of(AddGenerationPrompt)),
    ];
}
