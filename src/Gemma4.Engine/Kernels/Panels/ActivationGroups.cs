using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Activations in groups of 32 signed bytes with a scale, made once for all products that read them.</summary>
/// <remarks>
/// <para>
/// A group is a record of 48 bytes: 32 numbers in ±127, the float32 scale, <c>−8 · S</c>, <c>−8 · S₀</c> (int32; S sums the 32 numbers, S₀ the first 16)
/// and <c>scale · S</c> (float32). Products of unsigned codes start from a multiple of −8 · S instead of taking an offset from each code.
/// </para>
/// <para>
/// Tokens lie in tiles of up to 8, a tile group by group, a group token by token. A token's record depends on its own 32 numbers only:
/// <c>scale = max |x| / 127</c>, numbers are <c>x · (1 / scale)</c> rounded to nearest even. Where the scale is not a normal number they are all 0;
/// where some x is not finite they are 0 and the scale is NaN, and so is every product of that token.
/// </para>
/// </remarks>
internal sealed unsafe class ActivationGroups : IDisposable
{
    /// <summary>Tokens that one reading of the weights serves.</summary>
    public const int TileTokens = 8;

    /// <summary>Bytes of a token's group.</summary>
    public const int RecordBytes = 48;

    /// <summary>Where in a record the scale lies.</summary>
    public const int ScaleAt = 32;

    /// <summary>Where −8 times the sum lies.</summary>
    public const int SumAt = 36;

    /// <summary>Where −8 times the sum of the first half lies.</summary>
    public const int FirstSumAt = 40;

    /// <summary>Where the sum times the scale lies.</summary>
    public const int ScaledSumAt = 44;

    /// <summary>Groups come in this number, so that the widest superblock finds all of its own.</summary>
    private const int GroupMultiple = 8;

    private const int Largest = 127;
    private const float Shift = 12582912f;               // 1.5 · 2²³: adding it rounds to a whole number, which then stands in the low bits
    private const int ShiftBits = 0x4B400000;
    private const int InfinityBits = 0x7F800000;
    private const float SmallestScale = 1.17549435e-38f; // 2⁻¹²⁶: the inverse of a smaller one may be infinite

    private byte* _records;
    private long _maxRecords;
    private bool _owned;

    /// <summary>Room for every shape up to the given one.</summary>
    public ActivationGroups(int maxTokens, int maxColumns)
    {
        _maxRecords = BytesOf(maxTokens, maxColumns) / RecordBytes;
        _records = (byte*)NativeMemory.AlignedAlloc((nuint)BytesOf(maxTokens, maxColumns), PanelLayout.LineBytes);
        _owned = true;
    }

    /// <summary>The same in memory of someone else's, who keeps it for as long as this is used.</summary>
    /// <param name="records"><see cref="BytesOf"/> bytes.</param>
    /// <param name="maxTokens">The most rows.</param>
    /// <param name="maxColumns">The most numbers of a row.</param>
    public ActivationGroups(byte* records, int maxTokens, int maxColumns) => Attach(records, maxTokens, maxColumns);

    /// <summary>No memory yet: some is lent with <see cref="Attach"/>.</summary>
    public ActivationGroups()
    {
    }

    /// <summary>Rows.</summary>
    public int Tokens { get; private set; }

    /// <summary>Numbers of a row.</summary>
    public int Columns { get; private set; }

    /// <summary>Groups of a row, those of padding included.</summary>
    public int Groups { get; private set; }

    /// <summary>Bytes that a shape takes.</summary>
    public static long BytesOf(int tokens, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        return (long)tokens * GroupsOf(columns) * RecordBytes;
    }

    /// <summary>Takes other memory of someone else's, who keeps it for as long as this is used.</summary>
    /// <param name="records"><see cref="BytesOf"/> bytes.</param>
    /// <param name="maxTokens">The most rows.</param>
    /// <param name="maxColumns">The most numbers of a row.</param>
    public void Attach(byte* records, int maxTokens, int maxColumns)
    {
        Dispose();
        _maxRecords = BytesOf(maxTokens, maxColumns) / RecordBytes;
        _records = records;
    }

    /// <summary>Sets the shape; rows are then to be written with <see cref="Quantise"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no room for it.</exception>
    public void Reshape(int tokens, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        int groups = GroupsOf(columns);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)tokens * groups, _maxRecords, nameof(tokens));
        (Tokens, Columns, Groups) = (tokens, columns, groups);
    }

    /// <summary>Writes some rows. Threads may write different rows at once.</summary>
    /// <param name="x">The first of these rows.</param>
    /// <param name="stride">Numbers between two rows.</param>
    /// <param name="firstToken">Which row it is.</param>
    /// <param name="numTokens">Rows.</param>
    public void Quantise(float* x, long stride, int firstToken, int numTokens)
    {
        float* last = stackalloc float[PanelLayout.GroupColumns];
        for (int token = firstToken; token < firstToken + numTokens; token++, x += stride)
        {
            byte* record = Record(token, out long step);
            int whole = Columns / PanelLayout.GroupColumns, group = 0;
            for (; group < whole; group++, record += step)
                QuantiseGroup(x + group * PanelLayout.GroupColumns, record);
            if (group * PanelLayout.GroupColumns < Columns)
            {
                new Span<float>(last, PanelLayout.GroupColumns).Clear();
                new Span<float>(x + group * PanelLayout.GroupColumns, Columns - group * PanelLayout.GroupColumns)
                    .CopyTo(new Span<float>(last, PanelLayout.GroupColumns));
                QuantiseGroup(last, record);
                group++;
                record += step;
            }
            for (; group < Groups; group++, record += step)
                new Span<byte>(record, RecordBytes).Clear();
        }
    }

    /// <summary>Copies one row of another of the same width, as for the tokens of an expert.</summary>
    public void CopyRow(ActivationGroups source, int sourceToken, int token)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(source.Columns, Columns, nameof(source));
        byte* from = source.Record(sourceToken, out long fromStep), to = Record(token, out long toStep);
        for (int group = 0; group < Groups; group++, from += fromStep, to += toStep)
            new Span<byte>(from, RecordBytes).CopyTo(new Span<byte>(to, RecordBytes));
    }

    /// <summary>The tile that begins with a token.</summary>
    /// <param name="firstToken">A multiple of <see cref="TileTokens"/>.</param>
    public byte* Tile(int firstToken) => _records + (long)firstToken * Groups * RecordBytes;

    /// <summary>A token's first group.</summary>
    /// <param name="token">Which.</param>
    /// <param name="step">Bytes to the token's next group.</param>
    public byte* Record(int token, out long step)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)Tokens, nameof(token));
        int first = token / TileTokens * TileTokens, tokens = Math.Min(TileTokens, Tokens - first);
        step = (long)tokens * RecordBytes;
        return Tile(first) + (long)(token - first) * RecordBytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_owned)
            NativeMemory.AlignedFree(_records);
        _owned = false;
    }

    private static int GroupsOf(int columns)
    {
        int groups = (int)(((long)columns + PanelLayout.GroupColumns - 1) / PanelLayout.GroupColumns);
        return (groups + GroupMultiple - 1) / GroupMultiple * GroupMultiple;
    }

    /// <remarks>The largest magnitude is found among the bits: they order as the magnitudes do, and above them all what is not finite.</remarks>
    private static void QuantiseGroup(float* x, byte* record)
    {
        Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 8), x2 = Vector256.Load(x + 16), x3 = Vector256.Load(x + 24);
        Vector256<int> magnitude = Vector256.Create(int.MaxValue);
        Vector256<int> top = Vector256.Max(
            Vector256.Max(x0.AsInt32() & magnitude, x1.AsInt32() & magnitude), Vector256.Max(x2.AsInt32() & magnitude, x3.AsInt32() & magnitude));
        Vector128<int> most = Vector128.Max(top.GetLower(), top.GetUpper());
        int bits = Math.Max(Math.Max(most[0], most[1]), Math.Max(most[2], most[3]));
        float scale = BitConverter.Int32BitsToSingle(bits) / Largest;
        if (!(scale >= SmallestScale) || bits >= InfinityBits)
        {
            new Span<byte>(record, RecordBytes).Clear();
            *(float*)(record + ScaleAt) = bits >= InfinityBits ? float.NaN : 0;
            *(float*)(record + ScaledSumAt) = *(float*)(record + ScaleAt);
            return;
        }
        Vector256<float> inverse = Vector256.Create(1 / scale), shift = Vector256.Create(Shift);
        Vector256<int> q0 = (x0 * inverse + shift).AsInt32() - Vector256.Create(ShiftBits), q1 = (x1 * inverse + shift).AsInt32() - Vector256.Create(ShiftBits);
        Vector256<int> q2 = (x2 * inverse + shift).AsInt32() - Vector256.Create(ShiftBits), q3 = (x3 * inverse + shift).AsInt32() - Vector256.Create(ShiftBits);
        Vector256.Narrow(Vector256.Narrow(q0, q1), Vector256.Narrow(q2, q3)).Store((sbyte*)record);
        int first = Vector256.Sum(q0 + q1), sum = first + Vector256.Sum(q2 + q3);
        *(float*)(record + ScaleAt) = scale;
        *(int*)(record + SumAt) = -8 * sum;
        *(int*)(record + FirstSumAt) = -8 * first;
        *(float*)(record + ScaledSumAt) = scale * sum;
    }
}
