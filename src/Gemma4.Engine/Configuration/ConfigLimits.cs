namespace Gemma4.Engine.Configuration;

/// <summary>What the numbers of a checkpoint's configuration may be, checked before anything is made of them.</summary>
/// <remarks>
/// Far beyond every released model, and small enough that no product of them overflows. Weights are bounded by their files besides: a
/// tensor whose shape is not the file's is refused before memory is taken.
/// </remarks>
internal static class ConfigLimits
{
    /// <summary>Width of a residual stream or of a per-layer embedding.</summary>
    public const int MaxWidth = 1 << 16;

    /// <summary>Width of a feed-forward.</summary>
    public const int MaxIntermediate = 1 << 18;

    /// <summary>Layers of the text model or of a tower.</summary>
    public const int MaxLayers = 1024;

    /// <summary>Heads of a layer.</summary>
    public const int MaxHeads = 1024;

    /// <summary>Width of a head.</summary>
    public const int MaxHeadDim = 2048;

    /// <summary>Widths of heads are multiples of it: kernels read them in vectors of eight.</summary>
    public const int HeadDimUnit = 8;

    /// <summary>Tokens of the vocabulary.</summary>
    public const int MaxVocabulary = 1 << 22;

    /// <summary>Positions of a context: up to here rotary angles are exact enough.</summary>
    public const int MaxPositions = 1 << 22;

    /// <summary>Routed experts of a layer.</summary>
    public const int MaxExperts = 4096;

    /// <summary>Side of a patch in pixels.</summary>
    public const int MaxPatchSize = 128;

    /// <summary>Patches on a side that one soft token averages.</summary>
    public const int MaxPooling = 32;

    /// <summary>Frames that an audio layer looks at around one frame: its chunk, its context, its kernel.</summary>
    public const int MaxAudioFrames = 4096;

    /// <summary>Soft tokens of one medium, and frames of one video.</summary>
    public const int MaxSoftTokens = 1 << 16;

    /// <summary>What keeps a root from dividing by 0 and changes no sizable mean.</summary>
    public static readonly NumberRange Eps = NumberRange.Above(0, 0.1);

    /// <summary>A cap of scores or logits.</summary>
    public static readonly NumberRange Cap = NumberRange.Above(0, 1e6);

    /// <summary>Base of rotary frequencies.</summary>
    public static readonly NumberRange Theta = new(1, 1e12);
}

/// <summary>From one number to another.</summary>
/// <param name="Min">The smallest.</param>
/// <param name="Max">The largest.</param>
/// <param name="IsOpen">True where <paramref name="Min"/> itself is excluded.</param>
internal readonly record struct NumberRange(double Min, double Max, bool IsOpen = false)
{
    /// <summary>Every number greater than <paramref name="min"/> up to <paramref name="max"/>.</summary>
    public static NumberRange Above(double min, double max) => new(min, max, IsOpen: true);

    /// <summary>True where the number lies in the range; what is not a number lies in none.</summary>
    public bool Contains(double value) => (IsOpen ? value > Min : value >= Min) && value <= Max;

    /// <summary>As messages say it.</summary>
    public override string ToString() =>
        IsOpen ? FormattableString.Invariant($"more than {Min} and at most {Max}") : FormattableString.Invariant($"{Min} to {Max}");
}
