using Gemma4.Engine.Backends;

namespace Gemma4.Engine.Models.Text;

/// <summary>What embeddings are scaled by.</summary>
internal static class EmbeddingScale
{
    /// <summary>√width as the reference rounds it: to the dtype of the model, so that bfloat16 multiplies by 39.25 where float32 has 39.19.</summary>
    public static float Of(int width, Backend backend)
    {
        float root = MathF.Sqrt(width);
        if (!backend.RoundsToBFloat16)
            return root;
        uint bits = BitConverter.SingleToUInt32Bits(root);
        return BitConverter.UInt32BitsToSingle((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000);
    }
}
