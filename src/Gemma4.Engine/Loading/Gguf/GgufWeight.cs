using System.Collections.Immutable;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>A published tensor, found in GGUF files.</summary>
/// <param name="Name">Its published name.</param>
/// <param name="Shape">Its published shape.</param>
/// <param name="Format">How its numbers are stored.</param>
/// <param name="Slices">Where they are: bytes that follow each other in the published order.</param>
/// <param name="Change">What the converter did to them.</param>
internal sealed record GgufWeight(string Name, ImmutableArray<long> Shape, WeightFormat Format, ImmutableArray<GgufSlice> Slices, GgufChange Change)
{
    /// <summary>Bytes.</summary>
    public long Length => Slices.Sum(s => s.Length);
}

/// <summary>Bytes of a file.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">How many.</param>
internal readonly record struct GgufSlice(string File, long Offset, long Length);

/// <summary>What a converter changes in a tensor.</summary>
internal enum GgufChange
{
    /// <summary>Nothing: the numbers are the published ones, in their order.</summary>
    None,

    /// <summary>Pixels of a patch lie channel by channel, where the published order is pixel by pixel.</summary>
    ChannelsFirst,

    /// <summary>What is stored is the softplus of what is published.</summary>
    Softplus,
}
