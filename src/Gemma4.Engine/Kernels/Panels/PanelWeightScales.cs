using System.Runtime.CompilerServices;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>How scales and minima are read, as <see cref="PanelLayout"/> says, over vectors of any width.</summary>
internal unsafe interface IPanelScales
{
    /// <summary>Groups of 32 columns of a superblock.</summary>
    static abstract int Groups { get; }

    /// <summary>Whether 16 columns have a scale of their own.</summary>
    static abstract bool HalfGroups { get; }

    /// <summary>0 where there are no minima, 1 where they are added, −1 where they are subtracted.</summary>
    static abstract int MinimumSign { get; }

    /// <summary>Bytes of the scales; those of padding not counted.</summary>
    static abstract int Bytes { get; }

    /// <summary>The scales of some rows.</summary>
    /// <param name="scales">The superblock's scales.</param>
    /// <param name="index">The group, or half of one, in the superblock.</param>
    /// <param name="row">The first row.</param>
    static abstract TVector Scale<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct;

    /// <summary>The minima of some rows.</summary>
    static abstract TVector Minimum<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct;
}

/// <summary><see cref="PanelScales.Half"/>.</summary>
internal readonly unsafe struct HalfScales : IPanelScales
{
    public static int Groups => 2;

    public static bool HalfGroups => false;

    public static int MinimumSign => 0;

    public static int Bytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.LoadHalf(scales + 32 * index + 2 * row);

    public static TVector Minimum<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => default;
}

/// <summary><see cref="PanelScales.BFloat"/>.</summary>
internal readonly unsafe struct BFloatScales : IPanelScales
{
    public static int Groups => 2;

    public static bool HalfGroups => false;

    public static int MinimumSign => 0;

    public static int Bytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.LoadBFloat(scales + 32 * index + 2 * row);

    public static TVector Minimum<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => default;
}

/// <summary><see cref="PanelScales.HalfMinimum"/>: both groups' scales, then both groups' minima.</summary>
internal readonly unsafe struct HalfMinimumScales : IPanelScales
{
    public static int Groups => 2;

    public static bool HalfGroups => false;

    public static int MinimumSign => 1;

    public static int Bytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.LoadHalf(scales + 32 * index + 2 * row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Minimum<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.LoadHalf(scales + 64 + 32 * index + 2 * row);
}

/// <summary><see cref="PanelScales.SubScale"/>: 16 times 16 signed bytes, then the float16.</summary>
internal readonly unsafe struct SubScales : IPanelScales
{
    public static int Groups => 8;

    public static bool HalfGroups => true;

    public static int MinimumSign => 0;

    public static int Bytes => 288;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.Multiply(TLanes.LoadHalf(scales + 256 + 2 * row), TLanes.LoadSByte(scales + 16 * index + row));

    public static TVector Minimum<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => default;
}

/// <summary><see cref="PanelScales.SubScaleMinimum"/>: 8 times 16 bytes of scales, as many of minima, then the float16 of each.</summary>
internal readonly unsafe struct SubMinimumScales : IPanelScales
{
    public static int Groups => 8;

    public static bool HalfGroups => false;

    public static int MinimumSign => -1;

    public static int Bytes => 320;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.Multiply(TLanes.LoadHalf(scales + 256 + 2 * row), TLanes.LoadByte(scales + 16 * index + row, 0, 255));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Minimum<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.Multiply(TLanes.LoadHalf(scales + 288 + 2 * row), TLanes.LoadByte(scales + 128 + 16 * index + row, 0, 255));
}

/// <summary><see cref="PanelScales.NibbleSubScaleMinimum"/>: 16 times 16 bytes, then the float16 of scales and of minima.</summary>
internal readonly unsafe struct NibbleSubMinimumScales : IPanelScales
{
    public static int Groups => 8;

    public static bool HalfGroups => true;

    public static int MinimumSign => -1;

    public static int Bytes => 320;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.Multiply(TLanes.LoadHalf(scales + 256 + 2 * row), TLanes.LoadByte(scales + 16 * index + row, 0, 15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Minimum<TLanes, TVector>(byte* scales, int index, int row)
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct => TLanes.Multiply(TLanes.LoadHalf(scales + 288 + 2 * row), TLanes.LoadByte(scales + 16 * index + row, 4, 15));
}
