using System.Runtime.CompilerServices;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>How codes are put together, as <see cref="PanelLayout"/> says, over vectors of any width.</summary>
internal unsafe interface IPanelCodes
{
    /// <summary>Bytes of a group.</summary>
    static abstract int GroupBytes { get; }

    /// <summary>Lines of four columns whose products may be added in 16 bits: 8, 4 or 2; 1 where one line may already be too much.</summary>
    /// <remarks>A line adds two products to a sum of 16 bits: <c>lines · 2 · code · 127 ≤ 32,767</c>.</remarks>
    static abstract int ShortLines { get; }

    /// <summary>The codes of columns 4j to 4j + 3.</summary>
    /// <param name="group">The group's codes, moved on to the first row.</param>
    /// <param name="j">0 to 7; a constant.</param>
    static abstract TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct;
}

/// <summary>Four bits.</summary>
internal readonly unsafe struct NibbleCodes : IPanelCodes
{
    public static int GroupBytes => 4 * PanelLayout.LineBytes;

    public static int ShortLines => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct
    {
        TVector both = TLanes.Load(group + j % 4 * PanelLayout.LineBytes);
        return TLanes.And(j < 4 ? both : TLanes.ShiftRight(both, 4), TLanes.Create(15));
    }
}

/// <summary>Five bits: a nibble, and the fifth apart.</summary>
internal readonly unsafe struct FiveBitCodes : IPanelCodes
{
    public static int GroupBytes => 5 * PanelLayout.LineBytes;

    public static int ShortLines => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct
    {
        TVector high = TLanes.Load(group + 4 * PanelLayout.LineBytes);
        high = j < 4 ? TLanes.ShiftLeft(high, 4 - j) : TLanes.ShiftRight(high, j - 4);
        return TLanes.Or(NibbleCodes.Line<TLanes, TVector>(group, j), TLanes.And(high, TLanes.Create(16)));
    }
}

/// <summary>Six bits: a nibble, and the upper two apart.</summary>
internal readonly unsafe struct SixBitCodes : IPanelCodes
{
    public static int GroupBytes => 6 * PanelLayout.LineBytes;

    public static int ShortLines => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct
    {
        TVector high = TLanes.Load(group + (4 + j / 4) * PanelLayout.LineBytes);
        high = j % 4 < 2 ? TLanes.ShiftLeft(high, 4 - j % 4 * 2) : TLanes.ShiftRight(high, j % 4 * 2 - 4);
        return TLanes.Or(NibbleCodes.Line<TLanes, TVector>(group, j), TLanes.And(high, TLanes.Create(0x30)));
    }
}

/// <summary>Two bits.</summary>
internal readonly unsafe struct TwoBitCodes : IPanelCodes
{
    public static int GroupBytes => 2 * PanelLayout.LineBytes;

    public static int ShortLines => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct
    {
        TVector four = TLanes.Load(group + j / 4 * PanelLayout.LineBytes);
        return TLanes.And(TLanes.ShiftRight(four, j % 4 * 2), TLanes.Create(3));
    }
}

/// <summary>Three bits: two, and the third apart.</summary>
internal readonly unsafe struct ThreeBitCodes : IPanelCodes
{
    public static int GroupBytes => 3 * PanelLayout.LineBytes;

    public static int ShortLines => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct
    {
        TVector high = TLanes.Load(group + 2 * PanelLayout.LineBytes);
        high = j < 2 ? TLanes.ShiftLeft(high, 2 - j) : TLanes.ShiftRight(high, j - 2);
        return TLanes.Or(TwoBitCodes.Line<TLanes, TVector>(group, j), TLanes.And(high, TLanes.Create(4)));
    }
}

/// <summary>Whole bytes.</summary>
internal readonly unsafe struct ByteCodes : IPanelCodes
{
    public static int GroupBytes => 8 * PanelLayout.LineBytes;

    public static int ShortLines => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.Load(group + j * PanelLayout.LineBytes);
}

/// <summary>Nibbles that choose from ggml's non-linear table.</summary>
internal readonly unsafe struct NonLinearCodes : IPanelCodes
{
    public static int GroupBytes => NibbleCodes.GroupBytes;

    public static int ShortLines => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.Lookup(TLanes.CreateTable(PanelLayout.NonLinear), NibbleCodes.Line<TLanes, TVector>(group, j));
}

/// <summary>Nibbles that are e2m1 floats.</summary>
internal readonly unsafe struct E2m1Codes : IPanelCodes
{
    public static int GroupBytes => NibbleCodes.GroupBytes;

    public static int ShortLines => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Line<TLanes, TVector>(byte* group, int j)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.Lookup(TLanes.CreateTable(PanelLayout.E2m1), NibbleCodes.Line<TLanes, TVector>(group, j));
}
