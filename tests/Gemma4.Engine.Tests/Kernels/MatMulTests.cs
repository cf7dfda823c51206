using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed unsafe class MatMulTests
{
    [Fact]
    public void Every_length_agrees_with_the_definition()
    {
        for (int n = 1; n <= 257; n++)
            AssertAgrees(tokens: 1 + n % 7, rows: 1 + n % 9, n);
    }

    [Fact]
    public void A_row_does_not_depend_on_the_rows_beside_it()
    {
        const int Tokens = 100, Rows = 37, N = 1544;
        float[] x = Random(Tokens * N, 1), w = Random(Rows * N, 2), together = new float[Tokens * Rows], alone = new float[Rows];
        Run<Float32, float>(x, w, together, Tokens, Rows, N);
        for (int t = 0; t < Tokens; t++)
        {
            Run<Float32, float>(x[(t * N)..((t + 1) * N)], w, alone, 1, Rows, N);
            Assert.Equal(alone, together[(t * Rows)..((t + 1) * Rows)]);
        }
    }

    private static void AssertAgrees(int tokens, int rows, int n)
    {
        float[] x = Random(tokens * n, n), w = Random(rows * n, n + 1), expected = new float[tokens * rows], actual = new float[tokens * rows];
        MatMul.Reference<Float32, float>(x, w, expected, n);
        Run<Float32, float>(x, w, actual, tokens, rows, n);
        AssertClose(expected, actual, n);
        ushort[] half = [.. w.Select(BFloat16.FromSingle)];
        MatMul.Reference<BFloat16, ushort>(x, half, expected, n);
        Run<BFloat16, ushort>(x, half, actual, tokens, rows, n);
        AssertClose(expected, actual, n);
    }

    private static void AssertClose(float[] expected, float[] actual, int n)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.InRange(actual[i], expected[i] - 1e-6f * n, expected[i] + 1e-6f * n);
    }

    private static void Run<TFloat, T>(float[] x, T[] w, float[] y, int tokens, int rows, int n)
        where TFloat : IStoredFloat<T>
        where T : unmanaged
    {
        fixed (float* px = x, py = y)
        fixed (T* pw = w)
            MatMul.Run<TFloat, T>(px, pw, py, tokens, rows, n, rows);
    }

    private static float[] Random(int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
