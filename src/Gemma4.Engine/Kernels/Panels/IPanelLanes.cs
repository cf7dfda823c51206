namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Some rows of a panel side by side, 32 bits each: a kernel is written once over them and gives the same bits in every width.</summary>
/// <remarks>
/// A vector is held as its bytes and read as what an operation needs: four codes a row, sums of 32 bits, or float32. Sums of products are exact
/// integers; every float operation rounds once, as IEEE 754 says.
/// </remarks>
/// <typeparam name="TVector">The vector.</typeparam>
internal unsafe interface IPanelLanes<TVector>
    where TVector : struct
{
    /// <summary>Rows of a vector.</summary>
    static abstract int Rows { get; }

    /// <summary>Whether sums of products are kept in 16 bits until <see cref="Widen"/>: only so many codes may be added that they fit.</summary>
    static abstract bool SumsAreShort { get; }

    static abstract TVector Load(byte* source);

    /// <summary>The same byte everywhere.</summary>
    static abstract TVector Create(byte value);

    /// <summary>The same float32 in every row.</summary>
    static abstract TVector CreateSingle(float value);

    /// <summary>The same 16 bytes, again and again.</summary>
    static abstract TVector CreateTable(ReadOnlySpan<byte> table);

    static abstract TVector And(TVector a, TVector b);

    static abstract TVector Or(TVector a, TVector b);

    /// <summary>Shifts words of 16 bits: bits from the neighbouring byte come in and must be masked.</summary>
    static abstract TVector ShiftRight(TVector a, int count);

    /// <summary>Shifts words of 16 bits: bits from the neighbouring byte come in and must be masked.</summary>
    static abstract TVector ShiftLeft(TVector a, int count);

    /// <summary>The bytes of a table at the indices, which are below 16.</summary>
    static abstract TVector Lookup(TVector table, TVector indices);

    /// <summary>Products of four unsigned codes a row with four signed activations, summed.</summary>
    /// <param name="codes">Four a row.</param>
    /// <param name="activations">Four, the same for all rows; within ±127.</param>
    static abstract TVector Multiply(TVector codes, byte* activations);

    /// <summary>The same, added to a sum.</summary>
    static abstract TVector MultiplyAdd(TVector sum, TVector codes, byte* activations);

    /// <summary>A sum in 32 bits.</summary>
    static abstract TVector Widen(TVector sum);

    static abstract TVector AddInt32(TVector a, TVector b);

    static abstract TVector SubtractInt32(TVector a, TVector b);

    /// <summary>Shifts lanes of 32 bits; a negative count shifts to the right.</summary>
    static abstract TVector ScaleInt32(TVector a, int count);

    /// <summary>The same 32 bits in every row.</summary>
    static abstract TVector Broadcast32(byte* source);

    /// <summary>From int32 to float32.</summary>
    static abstract TVector ToSingle(TVector a);

    /// <summary>Widens a finite float16 a row.</summary>
    static abstract TVector LoadHalf(byte* source);

    /// <summary>Widens the upper half of a float32 a row.</summary>
    static abstract TVector LoadBFloat(byte* source);

    /// <summary>Makes a float32 of an unsigned byte a row, masked and shifted before.</summary>
    static abstract TVector LoadByte(byte* source, int shift, int mask);

    /// <summary>Makes a float32 of a signed byte a row.</summary>
    static abstract TVector LoadSByte(byte* source);

    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary><c>a · b + c</c>, rounded once.</summary>
    static abstract TVector Fused(TVector a, TVector b, TVector c);

    /// <summary><c>c − a · b</c>, rounded once.</summary>
    static abstract TVector FusedNegated(TVector a, TVector b, TVector c);

    static abstract void Store(TVector a, float* target);
}
