namespace Gemma4.Server.Hub;

/// <summary>A model that lies on this machine.</summary>
/// <param name="Path">The folder of a checkpoint in safetensors, or its first GGUF file.</param>
/// <param name="Mmproj">The GGUF file with its towers; null where there is none, or it is a folder.</param>
/// <param name="Commit">The commit it was fetched at.</param>
/// <param name="SizeBytes">Bytes of its files.</param>
internal sealed record LocalModel(string Path, string? Mmproj, string Commit, long SizeBytes);
