using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Tests;

/// <summary>A constraint whose work stands before a gate until the test opens it: a computation as long as one likes.</summary>
internal sealed class GatedConstraint : ITokenConstraintSource, ITokenConstraint
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private int _accepted;

    /// <summary>Released each time it comes to the gate.</summary>
    public SemaphoreSlim Reached { get; } = new(0);

    /// <summary>Lets it through, now and later.</summary>
    public ManualResetEventSlim Gate { get; } = new();

    /// <summary>Thrown behind the gate; null throws nothing.</summary>
    public Exception? Fault { get; init; }

    /// <summary>Masks are known until so many tokens are accepted; 0 computes the first one.</summary>
    public int MasksComputedFrom { get; init; }

    /// <summary>Tokens are known until so many are accepted; from this one on they are computed.</summary>
    public int TokensComputedFrom { get; init; } = int.MaxValue;

    /// <summary>What the token of this number, from 0, means if it is computed.</summary>
    public AcceptResult Last { get; init; } = AcceptResult.GoesOn;

    /// <inheritdoc/>
    public ITokenConstraint Create() => this;

    /// <inheritdoc/>
    public MaskResult FillMask(Span<uint> mask, bool mayCompute)
    {
        if (_accepted < MasksComputedFrom)
            return MaskResult.Unmasked;
        if (!mayCompute)
            return MaskResult.NotAtOnce;
        Pass();
        return MaskResult.Unmasked;
    }

    /// <inheritdoc/>
    public AcceptResult Accept(int tokenId, bool mayCompute)
    {
        if (_accepted < TokensComputedFrom)
        {
            _accepted++;
            return AcceptResult.GoesOn;
        }
        if (!mayCompute)
            return AcceptResult.NotAtOnce;
        Pass();
        _accepted++;
        return Last;
    }

    /// <inheritdoc/>
    public void Rollback(int numTokens) => _accepted -= numTokens;

    private void Pass()
    {
        if (Fault is null)
        {
            Reached.Release();
            if (!Gate.Wait(Limit))
                throw new TimeoutException("the test never opened the gate");
            return;
        }
        throw Fault;
    }
}
