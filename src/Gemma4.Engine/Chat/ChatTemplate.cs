using Gemma4.Engine.Chat.Jinja;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat;

/// <summary>A checkpoint's own chat template: Jinja, read once, rendered for every request, from any thread.</summary>
/// <remarks>
/// The language is that of jinja2 3.1 with the settings chat templates are written for (<c>trim_blocks</c>, <c>lstrip_blocks</c>,
/// loop controls, <c>raise_exception</c>, <c>strftime_now</c>, plain <c>tojson</c>), sandboxed: a template reads the values it is
/// given and nothing else, and <see cref="ChatTemplateLimits"/> bound what it may cost.
/// </remarks>
public sealed class ChatTemplate
{
    /// <summary>The file a checkpoint keeps its template in.</summary>
    public const string FileName = "chat_template.jinja";

    /// <summary>Bytes of the file, or characters of a text; the released ones have some twenty thousand.</summary>
    internal const int MaxLength = 4 << 20;

    private readonly JinjaTemplate _template;
    private readonly ChatTemplateLimits _limits;
    private readonly TimeProvider _clock;

    private ChatTemplate(string source, ChatTemplateLimits? limits, TimeProvider? clock)
    {
        Source = source;
        _template = JinjaTemplate.Parse(source);
        _limits = limits ?? ChatTemplateLimits.Default;
        _clock = clock ?? TimeProvider.System;
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>Reads a template from its text.</summary>
    /// <param name="source">The template.</param>
    /// <param name="limits">What one rendering may cost; null takes <see cref="ChatTemplateLimits.Default"/>.</param>
    /// <param name="clock">The time <c>strftime_now</c> tells; null takes the system's.</param>
    /// <exception cref="ChatTemplateException">The text is not a template; the message has line and cause.</exception>
    public static ChatTemplate Parse(string source, ChatTemplateLimits? limits = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(source, limits, clock);
    }

    /// <summary>Reads a checkpoint's template: <c>chat_template.jinja</c>, or else <c>chat_template</c> of <c>tokenizer_config.json</c>.</summary>
    /// <param name="checkpointFolder">The checkpoint.</param>
    /// <param name="limits">What one rendering may cost; null takes <see cref="ChatTemplateLimits.Default"/>.</param>
    /// <param name="clock">The time <c>strftime_now</c> tells; null takes the system's.</param>
    /// <exception cref="FileNotFoundException">The checkpoint has no template.</exception>
    /// <exception cref="InvalidDataException">The template cannot be read; the message has file, line and cause.</exception>
    public static ChatTemplate Load(string checkpointFolder, ChatTemplateLimits? limits = null, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpointFolder);
        (string file, string source) = Read(checkpointFolder);
        try
        {
            return Parse(source, limits, clock);
        }
        catch (ChatTemplateException error)
        {
            throw new InvalidDataException($"{file}: {error.Message}", error);
        }
    }

    private static (string File, string Source) Read(string checkpointFolder)
    {
        string file = Path.Combine(checkpointFolder, FileName);
        if (!File.Exists(file))
        {
            return (Path.Combine(checkpointFolder, TokenizerConfig.FileName), TokenizerConfig.Load(checkpointFolder).ChatTemplate
                ?? throw new FileNotFoundException($"{checkpointFolder} has neither {FileName} nor a chat_template in {TokenizerConfig.FileName}", file));
        }
        using FileStream stream = File.OpenRead(file);
        if (stream.Length > MaxLength)
            throw new InvalidDataException($"{file}: expected at most {MaxLength} bytes, found {stream.Length}");
        using var reader = new StreamReader(stream);
        return (file, reader.ReadToEnd());
    }

    /// <summary>Renders the template; every character keeps its provenance.</summary>
    internal Text Render(TemplateInput input, CancellationToken cancellationToken = default) => Render(input, _limits, cancellationToken);

    /// <summary>The same within other limits.</summary>
    internal Text Render(TemplateInput input, ChatTemplateLimits limits, CancellationToken cancellationToken) => _template.Render(
        budget => input.All(input.ContinueFinalMessage ? FinalMessage.AddMark(input.Messages, budget) : input.Messages),
        (text, budget) => input.ContinueFinalMessage ? FinalMessage.CutAtMark(text, budget) : text,
        limits,
        _clock,
        cancellationToken);
}
