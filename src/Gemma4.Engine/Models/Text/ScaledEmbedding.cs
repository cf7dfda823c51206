using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>Token embeddings scaled by √D, and the same matrix as output projection where the head is tied.</summary>
internal sealed class ScaledEmbedding(int vocabularySize, int width, Weights weights)
{
    private readonly RowTable _table = weights.Rows("embed_tokens.weight", vocabularySize, width);
    private readonly Scalar _scale = Scale(width, weights.Source.ModelDtype).ToScalar();

    /// <summary>The output projection of a tied head.</summary>
    public Linear TiedHead() => weights.Linear("embed_tokens", vocabularySize, width);

    /// <param name="tokenIds">T tokens.</param>
    /// <returns>A new tensor <c>[T, D]</c>; the caller owns it.</returns>
    public Tensor Forward(ReadOnlySpan<int> tokenIds)
    {
        using DisposeScope scope = NewDisposeScope();
        return scope.MoveToOuter(_table.Lookup(tokenIds).mul_(_scale));
    }

    /// <summary>√width as the reference rounds it: to the dtype of the model, so that bfloat16 multiplies by 39.25 where float32 has 39.19.</summary>
    public static double Scale(int width, ScalarType dtype)
    {
        float root = MathF.Sqrt(width);
        if (dtype != ScalarType.BFloat16)
            return root;
        uint bits = BitConverter.SingleToUInt32Bits(root);
        return BitConverter.UInt32BitsToSingle((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000);
    }
}
