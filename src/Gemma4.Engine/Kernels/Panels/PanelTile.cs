using System.Runtime.InteropServices;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>What a kernel computes in one call: some panels against one tile of tokens.</summary>
/// <remarks>Assembled kernels read the fields by their place.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PanelTile
{
    /// <summary>The first panel.</summary>
    public byte* Panel;

    /// <summary>The tile's activations: group by group, one record a token (<see cref="ActivationGroups"/>).</summary>
    public byte* Activations;

    /// <summary>Receives 16 results a panel and token.</summary>
    public float* Output;

    /// <summary>Superblocks of a panel.</summary>
    public long Supers;

    /// <summary>Panels, at least 1.</summary>
    public long Panels;

    /// <summary>Bytes between the results of two tokens.</summary>
    public long OutputStride;

    /// <summary>Tokens, 1 to <see cref="ActivationGroups.TileTokens"/>.</summary>
    public long Tokens;
}
