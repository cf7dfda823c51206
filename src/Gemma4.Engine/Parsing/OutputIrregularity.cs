namespace Gemma4.Engine.Parsing;

/// <summary>What an answer did that the format does not foresee. Each is counted and logged; none is an error to the caller.</summary>
public enum OutputIrregularity
{
    /// <summary>The answer began with the label line of a thought whose opening marker was left out.</summary>
    ThoughtWithoutOpener,

    /// <summary>A marker without effect, such as a second end marker, was dropped.</summary>
    StrayMarker,

    /// <summary>A call without its opening marker.</summary>
    CallWithoutOpener,

    /// <summary>A complete call without its end marker.</summary>
    CallWithoutEndMarker,

    /// <summary><c>call:</c> was left out or misspelled before a declared name.</summary>
    CallPrefix,

    /// <summary>The name carried a prefix before a declared name.</summary>
    NamePrefix,

    /// <summary>Closing brackets were missing before the end marker.</summary>
    MissingBrackets,

    /// <summary>More closing brackets than opening ones.</summary>
    SurplusBrackets,

    /// <summary>The last string was not closed before the end marker.</summary>
    UnclosedString,

    /// <summary>A string had only its closing delimiter.</summary>
    UnopenedString,

    /// <summary>A string in JSON's quotes.</summary>
    JsonString,

    /// <summary>A string in single quotes.</summary>
    SingleQuotedString,

    /// <summary>A delimiter after a string that was already closed.</summary>
    DanglingDelimiter,

    /// <summary>A declared string without delimiters.</summary>
    BareString,

    /// <summary>A declared string without a value.</summary>
    EmptyValue,

    /// <summary>Round brackets instead of braces.</summary>
    RoundBrackets,

    /// <summary><c>=</c> instead of <c>:</c> after a name.</summary>
    EqualsSign,

    /// <summary>A comma before a closing bracket.</summary>
    TrailingComma,

    /// <summary>A value whose spelling was adapted to its declared type: <c>True</c>, <c>108.</c>, a quoted number.</summary>
    ValueSpelling,

    /// <summary>A call that could not be read or was cut off: its whole span became content.</summary>
    CallAsContent,

    /// <summary>A call whose arguments were already being passed on could not be completed.</summary>
    AbandonedCall,
}
