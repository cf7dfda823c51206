using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Chat.Jinja;
using Gemma4.Engine.Chat.Jinja.Values;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Chat;

/// <summary>Turns conversations into prompts, by a checkpoint's template. Thread-safe.</summary>
public sealed class ChatRenderer
{
    private static readonly ImmutableHashSet<string> OwnVariables =
        ["messages", "tools", "documents", "add_generation_prompt", "continue_final_message"];

    private readonly ChatTemplate _template;
    private readonly ImmutableDictionary<string, string> _specialTokens;

    /// <summary>A renderer of a template.</summary>
    /// <param name="template">The template.</param>
    /// <param name="specialTokens">The checkpoint's tokens by the names templates know them by (<c>bos_token</c>, …).</param>
    public ChatRenderer(ChatTemplate template, IReadOnlyDictionary<string, string> specialTokens)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(specialTokens);
        _template = template;
        _specialTokens = specialTokens.ToImmutableDictionary();
    }

    /// <summary>The template.</summary>
    public ChatTemplate Template => _template;

    /// <summary>Reads the template and the tokens of a checkpoint, and tries the template on a conversation of one word.</summary>
    /// <param name="checkpointFolder">A folder in the Hugging Face layout.</param>
    /// <exception cref="FileNotFoundException">It has no template.</exception>
    /// <exception cref="InvalidDataException">Its template cannot be read, or does not end; or its <c>tokenizer_config.json</c> is damaged.</exception>
    public static ChatRenderer Load(string checkpointFolder) =>
        Tried(checkpointFolder, new ChatRenderer(ChatTemplate.Load(checkpointFolder), TokenizerConfig.Load(checkpointFolder).SpecialTokens));

    /// <summary>Makes a renderer of a template's text, and tries it on a conversation of one word.</summary>
    /// <param name="source">Where the text is from, for errors.</param>
    /// <param name="template">The text.</param>
    /// <param name="specialTokens">The checkpoint's tokens by the names templates know them by.</param>
    /// <exception cref="InvalidDataException">The template cannot be read, or does not end.</exception>
    public static ChatRenderer Create(string source, string template, IReadOnlyDictionary<string, string> specialTokens)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (template.Length > ChatTemplate.MaxLength)
            throw new InvalidDataException($"{source}: expected at most {ChatTemplate.MaxLength} characters, found {template.Length}");
        try
        {
            return Tried(source, new ChatRenderer(ChatTemplate.Parse(template), specialTokens));
        }
        catch (ChatTemplateException error)
        {
            throw new InvalidDataException($"{source}: {error.Message}", error);
        }
    }

    private static ChatRenderer Tried(string source, ChatRenderer renderer)
    {
        if (renderer.Trial() is { Kind: ChatTemplateErrorKind.Limit } endless)
            throw new InvalidDataException($"{source}: its chat template cannot render a conversation of one word: {endless.Message}", endless);
        return renderer;
    }

    /// <summary>What becomes of a conversation of one word. A template may refuse it and serve others, but none may take longer than the limits.</summary>
    private ChatTemplateException? Trial()
    {
        var message = new ChatMessage { Role = "user", Content = "Hi" };
        var input = new TemplateInput([ConversationValues.Message(message)], null, AddGenerationPrompt: true, ContinueFinalMessage: false, Variables(new ChatRenderOptions()));
        try
        {
            _template.Render(input, ChatTemplateLimits.Trial, CancellationToken.None);
            return null;
        }
        catch (ChatTemplateException error)
        {
            return error;
        }
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="tools">The tools the model may call.</param>
    /// <param name="options">How; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the rendering early.</param>
    /// <returns>The prompt, with a slot for every medium of the conversation.</returns>
    /// <exception cref="RequestRejectedException">The template refuses the conversation, does not write one of its media, or an
    /// option names what cannot be replaced.</exception>
    public RenderedPrompt Render(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<ToolDefinition>? tools = null,
        ChatRenderOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        try
        {
            ImmutableArray<PromptSegment> segments = Render([.. messages.Select(ConversationValues.Message)], tools, options, cancellationToken);
            return new RenderedPrompt(segments, MediaPlaceholders.Assign(segments, messages));
        }
        catch (ChatTemplateException error)
        {
            throw new RequestRejectedException(RejectionReason.InvalidRequest, error.Kind == ChatTemplateErrorKind.Raised
                ? $"The chat template refuses the conversation: {error.Cause}"
                : $"The chat template cannot render the conversation: {error.Message}", "messages");
        }
    }

    /// <summary>Renders messages that are values already; media are not looked for.</summary>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    /// <exception cref="RequestRejectedException">An option names what cannot be replaced.</exception>
    internal ImmutableArray<PromptSegment> Render(
        IReadOnlyList<Value> messages,
        IReadOnlyList<ToolDefinition>? tools,
        ChatRenderOptions? options,
        CancellationToken cancellationToken = default)
    {
        options ??= new ChatRenderOptions();
        var input = new TemplateInput(
            messages,
            tools is null or [] ? null : [.. tools.Select(ConversationValues.Tool)],
            options.AddGenerationPrompt && !options.ContinueFinalMessage,
            options.ContinueFinalMessage,
            Variables(options));
        return Segments(_template.Render(input, cancellationToken));
    }

    private List<KeyValuePair<string, Value>> Variables(ChatRenderOptions options)
    {
        var variables = new List<KeyValuePair<string, Value>>();
        foreach ((string name, string token) in _specialTokens)
            variables.Add(new(name, Text.Template(token)));
        if (options.EnableThinking is { } thinks)
            variables.Add(new("enable_thinking", BoolValue.Of(thinks)));
        foreach ((string name, JsonElement value) in options.Variables)
        {
            if (OwnVariables.Contains(name) || _specialTokens.ContainsKey(name))
            {
                throw new RequestRejectedException(
                    RejectionReason.InvalidRequest, $"'{name}' cannot be set by chat_template_kwargs.", "chat_template_kwargs");
            }
            variables.Add(new(name, JsonValues.Convert(value)));
        }
        return variables;
    }

    private static ImmutableArray<PromptSegment> Segments(Text text) =>
        [.. text.Runs(0, text.Length).Select(run =>
            new PromptSegment(text.Chars.Substring(run.Start, run.Length), run.Provenance == Provenance.Template))];
}
