using Gemma4.Engine.Backends.Torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>Rotary angles of both axes.</summary>
/// <param name="X">Of the columns in which patches stand.</param>
/// <param name="Y">Of the rows.</param>
internal readonly record struct AxialAngles(RotaryAngles X, RotaryAngles Y) : IDisposable
{
    /// <summary>Those of some patches: views that belong to the caller's dispose scope.</summary>
    public AxialAngles Rows(int first, int count) => new(Rows(X, first, count), Rows(Y, first, count));

    /// <inheritdoc/>
    public void Dispose()
    {
        X.Cos.Dispose();
        X.Sin.Dispose();
        Y.Cos.Dispose();
        Y.Sin.Dispose();
    }

    private static RotaryAngles Rows(RotaryAngles angles, int first, int count) =>
        new(angles.Cos.narrow(0, first, count), angles.Sin.narrow(0, first, count));
}
