using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Turns the heads of a step's rows.</summary>
/// <param name="turn">Has the angles of the step's rows.</param>
internal sealed class TorchRotary(HeadTurn turn) : Rotary
{
    public override void Apply(Activations heads)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = ((TorchActivations)heads).Value;                                         // [T, n · H]
        Tensor turned = turn.Turn(rows.view(rows.shape[0], -1, turn.HeadDim), turn.OfRows);    // [T, n, H]
        ((TorchActivations)heads).Set(turned.view(rows.shape));
    }
}
