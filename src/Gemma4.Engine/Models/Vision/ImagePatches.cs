namespace Gemma4.Engine.Models.Vision;

/// <summary>An image cut into patches.</summary>
/// <param name="Values">Pixels in 0..1, <c>[patches, 3 · side²]</c> row-major, vector order (py, px, channel).</param>
/// <param name="Columns">Patches in a row; patch i stands at x = i mod columns, y = i / columns.</param>
internal readonly record struct ImagePatches(ReadOnlyMemory<float> Values, int Columns);
