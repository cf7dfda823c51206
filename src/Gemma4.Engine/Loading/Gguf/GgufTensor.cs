using System.Collections.Immutable;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>A tensor as a header describes it.</summary>
/// <param name="File">Path of the file it lies in.</param>
/// <param name="Name">Its name in the file.</param>
/// <param name="Format">How its numbers are stored.</param>
/// <param name="Shape">Its dimensions, outermost first: the reverse of the file's order.</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="InPanels">True where its rows lie in panels.</param>
internal sealed record GgufTensor(string File, string Name, WeightFormat Format, ImmutableArray<long> Shape, long Offset, long Length, bool InPanels = false);
