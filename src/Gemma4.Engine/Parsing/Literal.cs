using System.Text;
using System.Text.RegularExpressions;

namespace Gemma4.Engine.Parsing;

/// <summary>Turns a value's text into JSON of the type that its schema declares.</summary>
internal static partial class Literal
{
    /// <summary>Text without delimiters: a literal if it has the form of one and the schema does not want a string.</summary>
    /// <returns>False when it has no value: it is empty, and no string is declared.</returns>
    public static bool TryWriteBare(StringBuilder json, string text, ParameterSchema schema, IrregularityCounter irregularities)
    {
        bool declaredString = schema.IsString;
        string literal = text.Trim();
        if (literal == "null")
            json.Append("null");
        else if (declaredString)
            WriteBareString(json, text, irregularities);
        else if (literal.Length == 0)
            return false;
        else if (!TryWriteLiteral(json, literal, schema, irregularities, wasQuoted: false))
            WriteString(json, literal);
        return true;
    }

    /// <summary>Text that stood in delimiters or quotes: a string, unless only other types are declared and it has the form of one.</summary>
    public static void WriteQuoted(StringBuilder json, string text, ParameterSchema schema, IrregularityCounter irregularities)
    {
        if (schema.Allows(JsonTypes.String) || !TryWriteLiteral(json, text.Trim(), schema, irregularities, wasQuoted: true))
            WriteString(json, text);
    }

    /// <summary>True for text that is a whole JSON literal, so that a comma after it ends the value.</summary>
    public static bool IsLiteral(string text) => text is "true" or "false" or "null" || Number().IsMatch(text);

    private static bool TryWriteLiteral(
        StringBuilder json, string literal, ParameterSchema schema, IrregularityCounter irregularities, bool wasQuoted)
    {
        bool mayBeString = schema.Allows(JsonTypes.String);
        string? written = literal switch
        {
            "true" or "false" when Fits(JsonTypes.Boolean) => literal,
            "null" when !wasQuoted || schema.Allows(JsonTypes.Null) => literal,
            "None" when schema.Allows(JsonTypes.Null) && !mayBeString => "null",
            _ when schema.Allows(JsonTypes.Boolean) && !mayBeString && bool.TryParse(literal, out bool value) => value ? "true" : "false",
            _ when Number().IsMatch(literal) && Fits(JsonTypes.Number) => literal.TrimEnd('.'),
            _ => null,
        };
        if (written is null)
            return false;
        if (wasQuoted || written != literal)
            irregularities.Note(OutputIrregularity.ValueSpelling);
        json.Append(written);
        return true;

        // A quoted value changes its type only for a declared one; a bare one keeps its form unless a string is wanted.
        bool Fits(JsonTypes type) => schema.Allows(type) || (!wasQuoted && !mayBeString);
    }

    private static void WriteBareString(StringBuilder json, string text, IrregularityCounter irregularities)
    {
        // Blanks around the value belong to the notation; line breaks are more likely the text's own.
        string value = text.Trim(' ', '\t');
        irregularities.Note(value.Length == 0 ? OutputIrregularity.EmptyValue : OutputIrregularity.BareString);
        WriteString(json, value);
    }

    private static void WriteString(StringBuilder json, string value)
    {
        json.Append('"');
        JsonText.AppendEscaped(json, value);
        json.Append('"');
    }

    /// <summary>A JSON number, or one that ends in its point.</summary>
    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.([0-9]+([eE][+-]?[0-9]+)?)?|[eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
