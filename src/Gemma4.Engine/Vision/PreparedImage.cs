using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Vision;

/// <summary>An image cut into patches; it becomes a <see cref="MediaItem.Image"/> once its place in the prompt is known.</summary>
/// <param name="SourceWidth">Pixels of the file's image, orientation applied.</param>
/// <param name="SourceHeight">Pixels of the file's image, orientation applied.</param>
/// <param name="Width">Pixels after resizing.</param>
/// <param name="Height">Pixels after resizing.</param>
/// <param name="MaxSoftTokens">The budget it was resized for.</param>
/// <param name="ContentHash">Of the encoded file and the budget: one file at two budgets has two hashes.</param>
/// <param name="Patches">Pixels in 0..1, <c>[patches, 16 * 16 * 3]</c> row-major, vector order (py, px, channel).</param>
public sealed record PreparedImage(
    int SourceWidth, int SourceHeight, int Width, int Height, int MaxSoftTokens, UInt128 ContentHash, ReadOnlyMemory<float> Patches)
{
    /// <summary>Placeholders it takes in the prompt, M.</summary>
    public int NumSoftTokens => SoftTokenBudget.SoftTokens(Width, Height);

    /// <summary>Patches in a row.</summary>
    public int PatchColumns => Width / SoftTokenBudget.PatchSize;

    /// <summary>The engine's item, its placeholders beginning at prompt index <paramref name="firstToken"/>.</summary>
    public MediaItem.Image At(int firstToken) => new(firstToken, NumSoftTokens, ContentHash, Patches, PatchColumns);
}
