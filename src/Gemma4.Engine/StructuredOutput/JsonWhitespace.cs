namespace Gemma4.Engine.StructuredOutput;

/// <summary>Blanks between the tokens of generated JSON.</summary>
public enum JsonWhitespace
{
    /// <summary>None.</summary>
    Compact,

    /// <summary>As models write it: at each place where JSON allows it one blank, or one line break and up to 64 blanks or tabs behind it.</summary>
    Json,
}

/// <summary>In which order an object's declared properties come.</summary>
public enum PropertyOrder
{
    /// <summary>As the schema declares them, undeclared ones last; optional ones may be missing.</summary>
    Schema,

    /// <summary>Any.</summary>
    Any,
}
