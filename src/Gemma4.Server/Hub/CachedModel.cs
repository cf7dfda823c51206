namespace Gemma4.Server.Hub;

/// <summary>A model in the cache.</summary>
/// <param name="Name">The name that <c>--model</c> takes.</param>
/// <param name="Revision">The branches and tags that are at its commit, and the beginning of that.</param>
/// <param name="Form"><c>safetensors</c>, <c>gguf</c>, or <c>incomplete</c>.</param>
/// <param name="SizeBytes">Bytes of its files.</param>
/// <param name="Path">Its folder or first file.</param>
internal sealed record CachedModel(string Name, string Revision, string Form, long SizeBytes, string Path);
