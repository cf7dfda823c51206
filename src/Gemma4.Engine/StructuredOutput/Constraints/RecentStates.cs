using System.Diagnostics;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>Where a constraint stood before each of the last tokens, as many as can be taken back.</summary>
/// <typeparam name="T">What must be kept of it.</typeparam>
internal sealed class RecentStates<T>
{
    private readonly T[] _states = new T[ITokenConstraint.MaxRollback];
    private int _next;
    private int _count;

    /// <summary>Keeps the state before a token that is being accepted; the oldest goes.</summary>
    public void Push(T state)
    {
        _states[_next] = state;
        _next = (_next + 1) % _states.Length;
        _count = Math.Min(_count + 1, _states.Length);
    }

    /// <summary>The state before the last <paramref name="numTokens"/> tokens, at least 1, which are forgotten.</summary>
    public T Pop(int numTokens)
    {
        Debug.Assert(numTokens >= 1 && numTokens <= _count, "only so many tokens can be taken back");
        _count -= numTokens;
        _next = (_next - numTokens + _states.Length) % _states.Length;
        return _states[_next];
    }
}
