namespace Gemma4.Engine.Chat;

/// <summary>A chat template that cannot be read, or that refuses or fails to render a conversation.</summary>
public sealed class ChatTemplateException : Exception
{
    /// <summary>Describes the failure.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="cause">Why, without the line.</param>
    /// <param name="line">The template's line, from 1.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    public ChatTemplateException(ChatTemplateErrorKind kind, string cause, int line, Exception? inner = null)
        : base($"chat template, line {line}: {cause}", inner)
    {
        Kind = kind;
        Cause = cause;
        Line = line;
    }

    /// <summary>What went wrong.</summary>
    public ChatTemplateErrorKind Kind { get; }

    /// <summary>Why, without the line; for <see cref="ChatTemplateErrorKind.Raised"/> the template's own words.</summary>
    public string Cause { get; }

    /// <summary>The template's line, from 1.</summary>
    public int Line { get; }
}
