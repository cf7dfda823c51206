using System.Runtime.CompilerServices;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>Counts what one rendering costs and ends it when it costs too much.</summary>
/// <remarks>Steps bound time, characters bound memory; neither looks at a clock, so the same template and conversation always
/// end the same way.</remarks>
internal sealed class RenderBudget(ChatTemplateLimits limits, CancellationToken cancellation)
{
    private const int CancellationInterval = 4096;

    /// <summary>What a place in a list takes, and any value beside what it holds, in characters of two bytes.</summary>
    private const int ElementCharacters = 4;
    private const int ValueCharacters = 48;

    private long _steps;
    private long _characters;
    private long _nextCancellationCheck = CancellationInterval;
    private int _depth;

    /// <summary>Counts work done: one expression, one element.</summary>
    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps < _nextCancellationCheck)
            return;
        _nextCancellationCheck = _steps + CancellationInterval;
        cancellation.ThrowIfCancellationRequested();
        if (_steps > limits.MaxSteps)
            throw Fault.Limit($"the template takes more than {limits.MaxSteps} steps");
    }

    /// <summary>Counts the reading of a text, which is much cheaper a character than a step.</summary>
    public void Read(long characters) => Step(characters >> 6);

    /// <summary>Counts characters about to be written. Call before allocating them.</summary>
    public void Write(long characters)
    {
        CheckLength(characters);
        Take(characters);
    }

    /// <summary>Counts the places of a list about to be made.</summary>
    public void Elements(long count)
    {
        CheckLength(count);
        Take(count * ElementCharacters);
    }

    /// <summary>Counts a value that is made, beside its characters or elements: many small ones take memory too.</summary>
    public void Make() => Take(ValueCharacters);

    /// <summary>Counts the search for a part in a text, which at worst looks at every character of the part at every place.</summary>
    public void Search(long length, long partLength) => Step((length >> 6) + ((length >> 6) * (partLength >> 6)));

    /// <summary>Refuses a text longer than any may be.</summary>
    public void CheckLength(long characters)
    {
        if (characters > limits.MaxTextLength)
            throw Fault.Limit($"the template makes a text of more than {limits.MaxTextLength} characters");
    }

    /// <summary>Goes one call deeper; <see cref="Leave"/> comes back.</summary>
    public void Enter()
    {
        if (++_depth > limits.MaxCallDepth)
            throw Fault.Limit($"the template calls itself more than {limits.MaxCallDepth} deep");
        EnsureStack();
    }

    public void Leave() => _depth--;

    private void Take(long characters)
    {
        _characters += characters;
        if (_characters > limits.MaxCharacters)
            throw Fault.Limit($"the template writes more than {limits.MaxCharacters} characters in all");
    }

    /// <summary>Ends a recursion over nested values or expressions before the stack does.</summary>
    public static void EnsureStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Fault.Limit("values or expressions are nested too deep");
    }
}
