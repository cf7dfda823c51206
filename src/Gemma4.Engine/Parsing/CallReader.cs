using System.Text;

namespace Gemma4.Engine.Parsing;

/// <summary>Reads one call from behind its opening marker (or from its first letter, where the marker is missing): head, then arguments.</summary>
/// <param name="tools">The request's tools.</param>
/// <param name="isMarked">The opening marker was there. Without it the head must be <c>call:NAME{</c> with a declared name.</param>
internal sealed class CallReader(ToolSet tools, bool isMarked)
{
    private const string Prefix = "call:";

    private readonly StringBuilder _head = new();
    private ArgumentReader? _arguments;
    private bool _headEnded;     // blanks stand behind the name
    private int _numHeadRead;

    /// <summary>What had to be repaired. Counts only if the call is completed.</summary>
    public IrregularityCounter Irregularities { get; } = new();

    /// <summary>The function's name; null until the bracket behind it is read.</summary>
    public string? Name { get; private set; }

    /// <summary>The arguments as JSON, as far as they are certain; it only grows. Null until <see cref="Name"/> is known.</summary>
    public StringBuilder? Json => _arguments?.Json;

    /// <summary>Symbols read. When complete, what was given beyond them stands behind the call.</summary>
    public int NumRead => _numHeadRead + (_arguments?.NumRead ?? 0);

    /// <summary>JSON for what is read and not yet certain, for a call that is cut off after its start was passed on.</summary>
    public string Remainder => _arguments?.Remainder ?? "";

    /// <summary>Reads one more symbol.</summary>
    public ReadStatus Read(AnswerSymbol symbol)
    {
        if (_arguments is not null)
            return _arguments.Read(symbol);
        _numHeadRead++;
        return ReadHead(symbol);
    }

    /// <summary>The end marker stands here.</summary>
    public ReadStatus End() => _arguments?.End() ?? ReadStatus.Failed;

    private ReadStatus ReadHead(AnswerSymbol symbol)
    {
        if (symbol.IsBlank && isMarked)
        {
            _headEnded = _head.Length > 0;
            return ReadStatus.Reading;
        }
        if (!symbol.IsText)
            return ReadStatus.Failed;
        if (symbol.Char == '{' || (symbol.Char == '(' && isMarked))
            return BeginArguments(symbol.Char);
        if (_headEnded || !IsNameCharacter(symbol.Char))
            return ReadStatus.Failed;
        _head.Append(symbol.Char);
        bool mayBeCall = isMarked || _head.Length > Prefix.Length || Prefix.StartsWith(_head.ToString(), StringComparison.Ordinal);
        return mayBeCall ? ReadStatus.Reading : ReadStatus.Failed;
    }

    private ReadStatus BeginArguments(char open)
    {
        Name = FindName(_head.ToString());
        if (Name is null)
            return ReadStatus.Failed;
        _arguments = new ArgumentReader(tools.Parameters(Name), open, Irregularities);
        return ReadStatus.Reading;
    }

    /// <summary>The function that a head such as <c>call:NAME</c> means; null when that is not certain.</summary>
    private string? FindName(string head)
    {
        string name = head.TrimStart(':');
        bool hasPrefix = name.StartsWith(Prefix, StringComparison.Ordinal);
        if (hasPrefix)
            name = name[Prefix.Length..].TrimStart(':');
        bool isRegular = hasPrefix && head.Length == Prefix.Length + name.Length;
        if (!isRegular)
            Irregularities.Note(OutputIrregularity.CallPrefix);
        if (name.Length == 0)
            return null;
        if (tools.Declares(name))
            return name;
        if (tools.FindByEnd(name) is { } declared)
        {
            Irregularities.Note(OutputIrregularity.NamePrefix);
            return declared;
        }
        return isRegular && isMarked ? name : null;
    }

    private static bool IsNameCharacter(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or ':';
}
