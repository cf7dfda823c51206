namespace Gemma4.Engine.Backends;

/// <summary>Rows of numbers that a step computes with, one row a token: where a backend keeps them and in which dtype is its own affair.</summary>
/// <remarks>Made once by <see cref="Backend.CreateActivations"/>, written anew in every step. Used on the engine's thread only.</remarks>
/// <param name="width">Numbers of a row, W.</param>
internal abstract class Activations(int width)
{
    /// <summary>Numbers of a row, W.</summary>
    public int Width => width;

    /// <summary>Rows of the step, T.</summary>
    public abstract int NumRows { get; }

    /// <summary>Some columns of every row, as a view: what is written to it is written here.</summary>
    /// <param name="first">First column.</param>
    /// <param name="count">Columns of the view.</param>
    public abstract Activations Columns(int first, int count);

    /// <summary>Brings some rows to host memory in float32. Waits for the device: for verification, not for service.</summary>
    /// <param name="firstRow">First row.</param>
    /// <param name="numRows">How many.</param>
    /// <returns><c>[numRows, W]</c>, row-major.</returns>
    public abstract float[] ToArray(int firstRow, int numRows);
}
