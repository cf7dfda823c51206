namespace Gemma4.Engine.Models.Text;

/// <summary>Encoder output that stands where a step has placeholders.</summary>
/// <param name="Rows">Rows of the step, M of them.</param>
/// <param name="Embeddings"><c>[M, D]</c> row-major, already in the text model's space and not to be scaled.</param>
internal readonly record struct SoftTokens(ReadOnlyMemory<int> Rows, ReadOnlyMemory<float> Embeddings);
