namespace Gemma4.Engine.Chat.Jinja;

/// <summary>A failure inside a template, before the line is known; <see cref="JinjaTemplate"/> turns it into a <see cref="ChatTemplateException"/>.</summary>
internal sealed class Fault(ChatTemplateErrorKind kind, string cause) : Exception(cause)
{
    public ChatTemplateErrorKind Kind { get; } = kind;

    /// <summary>A value of the wrong kind or out of range.</summary>
    public static Fault Value(string cause) => new(ChatTemplateErrorKind.Value, cause);

    /// <summary>Something that is not there.</summary>
    public static Fault Undefined(string cause) => new(ChatTemplateErrorKind.Undefined, cause);

    /// <summary>Something the sandbox does not allow.</summary>
    public static Fault Forbidden(string cause) => new(ChatTemplateErrorKind.Forbidden, cause);

    /// <summary>More than the limits allow.</summary>
    public static Fault Limit(string cause) => new(ChatTemplateErrorKind.Limit, cause);
}
