namespace Gemma4.Engine.Loading;

/// <summary>How far loading has come.</summary>
/// <param name="BytesLoaded">Bytes of the tensors taken so far.</param>
/// <param name="BytesTotal">Bytes of all tensors that will be taken.</param>
public readonly record struct LoadProgress(long BytesLoaded, long BytesTotal);
