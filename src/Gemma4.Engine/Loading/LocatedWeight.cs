using System.Collections.Immutable;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading;

/// <summary>A published tensor, found in a checkpoint's files.</summary>
/// <param name="Name">Its published name.</param>
/// <param name="Shape">Its published shape.</param>
/// <param name="Format">How its numbers are stored, or will be when <paramref name="Change"/> is undone.</param>
/// <param name="Slices">Where they are: bytes that follow each other in the published order.</param>
/// <param name="Change">What the file's writer did to them.</param>
/// <param name="InPanels">True where they lie in panels, ready to be multiplied (<see cref="Repacked"/>).</param>
internal sealed record LocatedWeight(
    string Name, ImmutableArray<long> Shape, WeightFormat Format, ImmutableArray<FileSlice> Slices, WeightChange Change, bool InPanels = false)
{
    /// <summary>Bytes in the files.</summary>
    public long Length => Slices.Sum(s => s.Length);

    /// <summary>True where the bytes of one slice are the weight as they are.</summary>
    public bool IsAsStored => Change == WeightChange.None && Slices.Length == 1;
}

/// <summary>Bytes of a file.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">How many.</param>
internal readonly record struct FileSlice(string File, long Offset, long Length);

/// <summary>What a file's writer changes in a tensor.</summary>
internal enum WeightChange
{
    /// <summary>Nothing: the numbers are the published ones, in their order.</summary>
    None,

    /// <summary>Pixels of a patch lie channel by channel, where the published order is pixel by pixel (GGUF).</summary>
    ChannelsFirst,

    /// <summary>What is stored is the softplus of what is published (GGUF).</summary>
    Softplus,

    /// <summary>Levels of 4 bits in one slice, scales in the next (compressed-tensors).</summary>
    PackedInt4,
}
