using Gemma4.Engine;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Vision;

namespace Gemma4.Verification;

/// <summary>Prepares and encodes the images or the audio of a golden case, as a request would have it.</summary>
internal static class GoldenMedia
{
    /// <summary>Soft tokens of all media of a case, <c>[M, D]</c> row-major; null where it has none.</summary>
    public static float[]? Encode(Gemma4Model model, GoldenCase golden)
    {
        if (golden.Images.Length > 0)
            return model.EncodeImages([.. golden.Images.Select(path => Patches(path, golden.MaxSoftTokens))]);
        return golden.Audio is { } audio ? model.EncodeAudio(Frames(audio)) : null;
    }

    private static ImagePatches Patches(string path, int maxSoftTokens)
    {
        PreparedImage image = ImagePreprocessor.Prepare(File.ReadAllBytes(path), maxSoftTokens, ImageLimits.Default);
        return new ImagePatches(image.Patches, image.PatchColumns);
    }

    private static ReadOnlyMemory<float> Frames(string path) =>
        AudioPreprocessor.Prepare(File.ReadAllBytes(path), AudioLimits.Default).Single().LogMel;
}
