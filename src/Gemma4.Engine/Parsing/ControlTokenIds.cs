using System.Collections.Frozen;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.Parsing;

/// <summary>Which ids are control tokens. A token that the vocabulary lacks structures nothing.</summary>
internal sealed class ControlTokenIds
{
    private readonly FrozenDictionary<int, ControlToken> _controls;

    public ControlTokenIds(SpecialTokens special)
    {
        (int? Id, ControlToken Control)[] known =
        [
            (special.ChannelStart, ControlToken.ChannelStart), (special.ChannelEnd, ControlToken.ChannelEnd),
            (special.ToolCallStart, ControlToken.ToolCallStart), (special.ToolCallEnd, ControlToken.ToolCallEnd),
            (special.ToolResponseStart, ControlToken.ToolResponseStart), (special.ToolResponseEnd, ControlToken.ToolResponseEnd),
            (special.StringDelimiter, ControlToken.StringDelimiter),
            (special.TurnStart, ControlToken.TurnStart), (special.TurnEnd, ControlToken.TurnEnd), (special.Eos, ControlToken.Eos),
        ];
        _controls = known.Where(k => k.Id is not null).ToFrozenDictionary(k => k.Id!.Value, k => k.Control);
    }

    public ControlToken this[int id] => _controls.GetValueOrDefault(id, ControlToken.None);
}
