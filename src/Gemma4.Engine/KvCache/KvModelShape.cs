using System.Collections.Immutable;

namespace Gemma4.Engine.KvCache;

/// <summary>The layers of a model that keep keys and values. Layers that share another's keep nothing and do not count.</summary>
/// <param name="Name">The model.</param>
/// <param name="NumFullLayers">Layers that keep every position.</param>
/// <param name="NumFullKvHeads">Their KV heads, K.</param>
/// <param name="FullHeadDim">Their head dim, H.</param>
/// <param name="KeysAreValues">Their value is the normalised key projection before scale and rotation, from which the key is made again
/// when it is read: one vector is stored in place of two.</param>
/// <param name="NumSlidingLayers">Layers that keep a window.</param>
/// <param name="NumSlidingKvHeads">Their KV heads.</param>
/// <param name="SlidingHeadDim">Their head dim.</param>
/// <param name="Window">Positions they keep, the current one included.</param>
/// <param name="MaxContextLength">Positions that the model was made for.</param>
public sealed record KvModelShape(
    string Name, int NumFullLayers, int NumFullKvHeads, int FullHeadDim, bool KeysAreValues,
    int NumSlidingLayers, int NumSlidingKvHeads, int SlidingHeadDim, int Window, int MaxContextLength)
{
    /// <summary>The released models.</summary>
    public static ImmutableArray<KvModelShape> Released { get; } =
    [
        new("E2B", 3, 1, 512, false, 12, 1, 256, 512, 131072),
        new("E4B", 4, 2, 512, false, 20, 2, 256, 512, 131072),
        new("12B", 8, 1, 512, true, 40, 8, 256, 1024, 262144),
        new("26B-A4B", 5, 2, 512, true, 25, 8, 256, 1024, 262144),
        new("31B", 10, 4, 512, true, 50, 16, 256, 1024, 262144),
    ];

    /// <summary>The KV groups as this engine stores them: the full layers, then the sliding ones.</summary>
    /// <param name="bytesPerValue">Bytes of a stored number.</param>
    public ImmutableArray<KvGroupSpec> Groups(int bytesPerValue) => GroupsStoring(KeysAreValues ? 1 : 2, bytesPerValue);

    /// <summary>The same groups where keys and values are stored apart in every layer.</summary>
    /// <param name="bytesPerValue">Bytes of a stored number.</param>
    public ImmutableArray<KvGroupSpec> GroupsWithKeysApart(int bytesPerValue) => GroupsStoring(2, bytesPerValue);

    private ImmutableArray<KvGroupSpec> GroupsStoring(int vectorsOfFullLayer, int bytesPerValue) =>
    [
        new KvGroupSpec(null, (long)NumFullLayers * NumFullKvHeads * FullHeadDim * vectorsOfFullLayer * bytesPerValue),
        new KvGroupSpec(Window, (long)NumSlidingLayers * NumSlidingKvHeads * SlidingHeadDim * 2 * bytesPerValue),
    ];
}
