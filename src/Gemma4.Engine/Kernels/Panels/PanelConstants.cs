namespace Gemma4.Engine.Kernels.Panels;

/// <summary>A number that a kernel is compiled for.</summary>
internal interface IConstant
{
    /// <summary>The number.</summary>
    static abstract int Value { get; }
}

/// <summary>Zero.</summary>
internal readonly struct Zero : IConstant
{
    public static int Value => 0;
}

/// <summary>One.</summary>
internal readonly struct One : IConstant
{
    public static int Value => 1;
}

/// <summary>Two.</summary>
internal readonly struct Two : IConstant
{
    public static int Value => 2;
}

/// <summary>Four.</summary>
internal readonly struct Four : IConstant
{
    public static int Value => 4;
}

/// <summary>What is taken from every code of a weight, as <see cref="PanelLayout.Offset"/>.</summary>
internal interface IOffset
{
    /// <summary>Whether anything is taken.</summary>
    static abstract bool Any { get; }

    /// <summary>The offset is 8 · 2 to this power.</summary>
    static abstract int Shift { get; }
}

/// <summary>Nothing.</summary>
internal readonly struct NoOffset : IOffset
{
    public static bool Any => false;

    public static int Shift => 0;
}

/// <summary>4.</summary>
internal readonly struct Offset4 : IOffset
{
    public static bool Any => true;

    public static int Shift => -1;
}

/// <summary>8.</summary>
internal readonly struct Offset8 : IOffset
{
    public static bool Any => true;

    public static int Shift => 0;
}

/// <summary>16.</summary>
internal readonly struct Offset16 : IOffset
{
    public static bool Any => true;

    public static int Shift => 1;
}

/// <summary>32.</summary>
internal readonly struct Offset32 : IOffset
{
    public static bool Any => true;

    public static int Shift => 2;
}

/// <summary>128.</summary>
internal readonly struct Offset128 : IOffset
{
    public static bool Any => true;

    public static int Shift => 4;
}
