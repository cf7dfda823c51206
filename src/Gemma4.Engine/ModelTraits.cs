namespace Gemma4.Engine;

/// <summary>What scheduling must know of a model.</summary>
/// <param name="MaxContextLength">Positions that the model was made for.</param>
/// <param name="MediaIsBidirectional">Tokens of a media item attend to each other both ways, so that they are computed in one step.</param>
internal sealed record ModelTraits(int MaxContextLength, bool MediaIsBidirectional);
