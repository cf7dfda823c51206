namespace Gemma4.Engine.Kernels;

/// <summary>Some float32 lanes side by side: an operation is written once over them and gives the same bits in every width.</summary>
/// <remarks>
/// Every member is exact or rounds once, as IEEE 754 says, so a lane's result depends neither on the width nor on the lanes beside it.
/// A remainder runs through <see cref="Lanes1"/>, not through other code.
/// </remarks>
/// <typeparam name="TSelf">The width.</typeparam>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Lanes.</summary>
    static abstract int Count { get; }

    /// <summary>The same number in every lane.</summary>
    static abstract TSelf Create(float value);

    /// <summary>Lane i holds <c>source[i]</c>.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Writes lane i to <c>target[i]</c>.</summary>
    void Store(float* target);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary><c>a · b + c</c>, rounded once.</summary>
    static abstract TSelf Fused(TSelf a, TSelf b, TSelf c);

    /// <summary>The number in the range; what is not a number stays so.</summary>
    static abstract TSelf Clamp(TSelf value, TSelf min, TSelf max);

    /// <summary><c>value · 2ⁿ</c> in two multiplications, so that results outside the normal range round or overflow as they should.</summary>
    /// <param name="value">Any numbers.</param>
    /// <param name="shifted"><c>1.5 · 2²³ + n</c>, whose low bits are n; n from −252 to 252.</param>
    static abstract TSelf Scale(TSelf value, TSelf shifted);
}
