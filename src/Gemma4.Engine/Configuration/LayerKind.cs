namespace Gemma4.Engine.Configuration;

/// <summary>How far back a decoder layer looks.</summary>
public enum LayerKind
{
    /// <summary>Every position before it (<c>full_attention</c>).</summary>
    Full,

    /// <summary>The window only (<c>sliding_attention</c>).</summary>
    Sliding,
}
