namespace Gemma4.Engine.Chat.Jinja;

/// <summary>Where a character comes from. Only <see cref="Template"/> characters may become control tokens.</summary>
internal enum Provenance : byte
{
    /// <summary>From the request, or made from values (numbers, quotes of a list): never a control token.</summary>
    Data,

    /// <summary>From the template's own text, or from the checkpoint (<c>bos_token</c>).</summary>
    Template,

    /// <summary>The mark that shows where a continued message ends; it never leaves this room.</summary>
    CutMark,
}
