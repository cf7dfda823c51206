namespace Gemma4.Engine.Chat;

/// <summary>What went wrong in a chat template.</summary>
public enum ChatTemplateErrorKind
{
    /// <summary>The template's text is not a template: an unknown tag, a missing <c>endif</c>, an unclosed string.</summary>
    Syntax,

    /// <summary>Something that is not there was used as if it were.</summary>
    Undefined,

    /// <summary>A value of the wrong kind, or out of range: what would be a TypeError or ValueError in the reference.</summary>
    Value,

    /// <summary>The template itself refused the conversation, by <c>raise_exception</c>.</summary>
    Raised,

    /// <summary>Something the sandbox does not allow.</summary>
    Forbidden,

    /// <summary>Too many steps, too much text or too deep: see <see cref="ChatTemplateLimits"/>.</summary>
    Limit,
}
