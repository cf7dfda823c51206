namespace Gemma4.Engine.Parsing;

/// <summary>How far a reader is.</summary>
internal enum ReadStatus
{
    /// <summary>More is needed.</summary>
    Reading,

    /// <summary>Everything is read.</summary>
    Complete,

    /// <summary>It has no single meaning.</summary>
    Failed,
}
