using System.Text;

namespace Gemma4.Engine.Parsing;

/// <summary>One step of an answer: a character, or a control token.</summary>
/// <param name="Char">The UTF-16 unit; 0 for a control token.</param>
/// <param name="Control">The control token; <see cref="ControlToken.None"/> for a character.</param>
/// <param name="Group">Which of the answer's token groups it came from (see <see cref="LogprobLedger"/>).</param>
internal readonly record struct AnswerSymbol(char Char, ControlToken Control, int Group)
{
    public bool IsText => Control == ControlToken.None;

    public bool IsBlank => IsText && char.IsWhiteSpace(Char);

    public static AnswerSymbol Of(char character, int group = 0) => new(character, ControlToken.None, group);

    public static AnswerSymbol Of(ControlToken control, int group = 0) => new('\0', control, group);

    /// <summary>Appends the character, or the control token spelled out.</summary>
    public void SpellTo(StringBuilder text)
    {
        if (IsText)
            text.Append(Char);
        else
            text.Append(Control.Spelling());
    }
}
