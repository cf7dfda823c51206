using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>The output projection on the device; its logits come down in one copy, which is the step's one wait.</summary>
/// <param name="link">The way to host memory.</param>
/// <param name="product"><c>[V, D]</c>.</param>
/// <param name="softcap">Logits are squeezed into ± this; null leaves them.</param>
internal sealed unsafe class TorchOutputHead(DeviceLink link, Linear product, float? softcap) : OutputHead
{
    private readonly KeptScalar? _cap = softcap is { } cap ? new KeptScalar(cap) : null;
    private readonly TorchLogits _logits = new(product.OutFeatures);

    public override Logits Compute(Activations hidden, ReadOnlySpan<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor places = link.Send(rows);                                                                                 // [R]
        Tensor chosen = ((TorchActivations)hidden).Operand.index_select(0, places);                                              // [R, D]
        Tensor logits = product.Forward(chosen).to(ScalarType.Float32);                                                        // [R, V]
        if (_cap is not null)
            logits.div_(_cap.Value).tanh_().mul_(_cap.Value);
        _logits.Data = link.Receive(logits);
        return _logits;
    }

    private sealed class TorchLogits(int vocabularySize) : Logits
    {
        public float* Data { get; set; }

        public override ReadOnlySpan<float> this[int row] => new(Data + (long)row * vocabularySize, vocabularySize);
    }
}
