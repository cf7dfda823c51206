using System.Runtime.CompilerServices;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>The product of panels and a tile of tokens, compiled once for each width and layout.</summary>
/// <remarks>
/// A tile is taken four tokens at a time, then two, then one: their sums, the codes and what is between fill the sixteen registers of AVX2.
/// With one or two tokens a vector of eight rows leaves registers free, and both halves of the panel go together, so that lines are read once.
/// A group is a method of its own, and so are parts of the larger ones: the compiler stops inlining where a method becomes too large, and then
/// calls every operation. Within them it inlines all; sums go through memory once a group.
/// </remarks>
internal static unsafe class PanelKernel<TLanes, TVector, TCodes, TScales, TOffset>
    where TLanes : struct, IPanelLanes<TVector>
    where TVector : struct
    where TCodes : struct, IPanelCodes
    where TScales : struct, IPanelScales
    where TOffset : struct, IOffset
{
    private const int Rows = PanelLayout.Rows;

    private static int CodesAt => (TScales.Bytes + PanelLayout.LineBytes - 1) / PanelLayout.LineBytes * PanelLayout.LineBytes;

    private static int SuperBytes => CodesAt + TScales.Groups * TCodes.GroupBytes;

    /// <summary>The kernel.</summary>
    public static void Run(PanelTile* tile)
    {
        byte* panel = tile->Panel;
        byte* output = (byte*)tile->Output;
        long supers = tile->Supers, tokens = tile->Tokens, stride = tile->OutputStride;
        int step = (int)tokens * ActivationGroups.RecordBytes;
        for (long left = tile->Panels; left > 0; left--, panel += supers * SuperBytes, output += Rows * sizeof(float))
        {
            byte* activations = tile->Activations, to = output;
            long token = 0;
            for (; token + 4 <= tokens; token += 4, activations += 4 * ActivationGroups.RecordBytes, to += 4 * stride)
                Tokens<Four>(panel, activations, step, to, stride, supers);
            if (token + 2 <= tokens)
            {
                Tokens<Two>(panel, activations, step, to, stride, supers);
                token += 2;
                activations += 2 * ActivationGroups.RecordBytes;
                to += 2 * stride;
            }
            if (token < tokens)
                Tokens<One>(panel, activations, step, to, stride, supers);
        }
    }

    /// <summary>One panel against some tokens.</summary>
    private static void Tokens<TCount>(byte* panel, byte* activations, int step, byte* output, long stride, long supers)
        where TCount : struct, IConstant
    {
        if (TLanes.Rows == Rows / 2 && TCount.Value <= 2)
        {
            RowsOfTokens<TCount, Two>(panel, 0, activations, step, output, stride, supers);
            return;
        }
        for (int row = 0; row < Rows; row += TLanes.Rows)
            RowsOfTokens<TCount, One>(panel, row, activations, step, output + row * sizeof(float), stride, supers);
    }

    /// <summary>One or two vectors of rows of a panel against some tokens.</summary>
    private static void RowsOfTokens<TCount, TVectors>(byte* panel, int row, byte* record, int step, byte* output, long stride, long supers)
        where TCount : struct, IConstant
        where TVectors : struct, IConstant
    {
        Sums<TVector> sums = default, others = default;
        for (long s = supers; s > 0; s--, panel += SuperBytes)
        {
            byte* codes = panel + CodesAt + row * sizeof(int);
            for (int group = 0; group < TScales.Groups; group++, codes += TCodes.GroupBytes, record += step)
            {
                AddGroup<TCount>(ref sums, codes, panel, group, row, record);
                if (TVectors.Value > 1)
                    AddGroup<TCount>(ref others, codes + TLanes.Rows * sizeof(int), panel, group, TLanes.Rows, record);
            }
        }
        Store<TCount>(ref sums, (float*)output, stride);
        if (TVectors.Value > 1)
            Store<TCount>(ref others, (float*)output + TLanes.Rows, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TCount>(ref Sums<TVector> sums, float* output, long stride)
        where TCount : struct, IConstant
    {
        TLanes.Store(sums.A, output);
        if (TCount.Value > 1)
            TLanes.Store(sums.B, (float*)((byte*)output + stride));
        if (TCount.Value > 2)
        {
            TLanes.Store(sums.C, (float*)((byte*)output + 2 * stride));
            TLanes.Store(sums.D, (float*)((byte*)output + 3 * stride));
        }
    }

    /// <summary>Adds 32 columns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddGroup<TCount>(ref Sums<TVector> sums, byte* codes, byte* scales, int group, int row, byte* record)
        where TCount : struct, IConstant
    {
        if (TScales.HalfGroups)
        {
            FourLines<TCount, Zero>(out Sums<TVector> first, codes, record);
            FourLines<TCount, Four>(out Sums<TVector> second, codes, record);
            TVector scale = TScales.Scale<TLanes, TVector>(scales, 2 * group, row), next = TScales.Scale<TLanes, TVector>(scales, 2 * group + 1, row);
            TVector minimum = TScales.Minimum<TLanes, TVector>(scales, 2 * group, row), nextMinimum = TScales.Minimum<TLanes, TVector>(scales, 2 * group + 1, row);
            sums.A = AddHalves(sums.A, first.A, second.A, scale, next, minimum, nextMinimum, record);
            if (TCount.Value > 1)
                sums.B = AddHalves(sums.B, first.B, second.B, scale, next, minimum, nextMinimum, record + ActivationGroups.RecordBytes);
            if (TCount.Value > 2)
            {
                sums.C = AddHalves(sums.C, first.C, second.C, scale, next, minimum, nextMinimum, record + 2 * ActivationGroups.RecordBytes);
                sums.D = AddHalves(sums.D, first.D, second.D, scale, next, minimum, nextMinimum, record + 3 * ActivationGroups.RecordBytes);
            }
        }
        else
        {
            Unsafe.SkipInit(out Sums<TVector> whole);
            EightLines<TCount>(ref whole, codes, record);
            TVector scale = TScales.Scale<TLanes, TVector>(scales, group, row), minimum = TScales.Minimum<TLanes, TVector>(scales, group, row);
            sums.A = AddWhole(sums.A, whole.A, scale, minimum, record);
            if (TCount.Value > 1)
                sums.B = AddWhole(sums.B, whole.B, scale, minimum, record + ActivationGroups.RecordBytes);
            if (TCount.Value > 2)
            {
                sums.C = AddWhole(sums.C, whole.C, scale, minimum, record + 2 * ActivationGroups.RecordBytes);
                sums.D = AddWhole(sums.D, whole.D, scale, minimum, record + 3 * ActivationGroups.RecordBytes);
            }
        }
    }

    /// <summary><c>sum + (dot · activation scale) · scale ± (activation sum · activation scale) · minimum</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddWhole(TVector sum, TVector dot, TVector scale, TVector minimum, byte* record)
    {
        if (TOffset.Any)
            dot = TLanes.AddInt32(dot, TLanes.ScaleInt32(TLanes.Broadcast32(record + ActivationGroups.SumAt), TOffset.Shift));
        TVector scaled = TLanes.Multiply(TLanes.ToSingle(dot), TLanes.Broadcast32(record + ActivationGroups.ScaleAt));
        sum = TLanes.Fused(scaled, scale, sum);
        if (TScales.MinimumSign > 0)
            return TLanes.Fused(TLanes.Broadcast32(record + ActivationGroups.ScaledSumAt), minimum, sum);
        if (TScales.MinimumSign < 0)
            return TLanes.FusedNegated(TLanes.Broadcast32(record + ActivationGroups.ScaledSumAt), minimum, sum);
        return sum;
    }

    /// <summary>The same for each half of a group. What is kept of a half's activations is −8 times their sum: an eighth of the minimum mends that exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddHalves(
        TVector sum, TVector first, TVector second, TVector scale, TVector next, TVector minimum, TVector nextMinimum, byte* record)
    {
        TVector activationScale = TLanes.Broadcast32(record + ActivationGroups.ScaleAt);
        TVector firstSum = TLanes.Broadcast32(record + ActivationGroups.FirstSumAt);
        TVector secondSum = TLanes.SubtractInt32(TLanes.Broadcast32(record + ActivationGroups.SumAt), firstSum);
        if (TOffset.Any)
        {
            first = TLanes.AddInt32(first, TLanes.ScaleInt32(firstSum, TOffset.Shift));
            second = TLanes.AddInt32(second, TLanes.ScaleInt32(secondSum, TOffset.Shift));
        }
        sum = TLanes.Fused(TLanes.Multiply(TLanes.ToSingle(first), activationScale), scale, sum);
        sum = TLanes.Fused(TLanes.Multiply(TLanes.ToSingle(second), activationScale), next, sum);
        if (TScales.MinimumSign < 0)
        {
            TVector eighth = TLanes.CreateSingle(0.125f);
            sum = TLanes.Fused(TLanes.Multiply(TLanes.ToSingle(firstSum), activationScale), TLanes.Multiply(minimum, eighth), sum);
            sum = TLanes.Fused(TLanes.Multiply(TLanes.ToSingle(secondSum), activationScale), TLanes.Multiply(nextMinimum, eighth), sum);
        }
        return sum;
    }

    /// <summary>Dot products of all eight lines of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EightLines<TCount>(ref Sums<TVector> dots, byte* codes, byte* record)
        where TCount : struct, IConstant
    {
        if (TLanes.SumsAreShort && TCodes.ShortLines == 1)
        {
            NibbleByNibble<TCount>(ref dots, codes, record);
        }
        else if (TLanes.SumsAreShort && TCodes.ShortLines < 8)
        {
            FourLines<TCount, Zero>(out dots, codes, record);
            FourLines<TCount, Four>(out Sums<TVector> rest, codes, record);
            AddInt32<TCount>(ref dots, ref rest, 0);
        }
        else
        {
            Multiply<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, 0), record);
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, 4), record + 16);
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, 1), record + 4);
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, 5), record + 20);
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, 2), record + 8);
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, 6), record + 24);
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, 3), record + 12);
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, 7), record + 28);
            Widen<TCount>(ref dots);
        }
    }

    /// <summary>Dot products of half a group.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FourLines<TCount, TFirst>(out Sums<TVector> result, byte* codes, byte* record)
        where TCount : struct, IConstant
        where TFirst : struct, IConstant
    {
        Unsafe.SkipInit(out Sums<TVector> dots);     // in registers; the result is in memory
        Multiply<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, TFirst.Value), record + 4 * TFirst.Value);
        MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, TFirst.Value + 1), record + 4 * TFirst.Value + 4);
        if (TLanes.SumsAreShort && TCodes.ShortLines < 4)
        {
            Unsafe.SkipInit(out Sums<TVector> rest);
            Multiply<TCount>(ref rest, TCodes.Line<TLanes, TVector>(codes, TFirst.Value + 2), record + 4 * TFirst.Value + 8);
            MultiplyAdd<TCount>(ref rest, TCodes.Line<TLanes, TVector>(codes, TFirst.Value + 3), record + 4 * TFirst.Value + 12);
            Widen<TCount>(ref dots);
            Widen<TCount>(ref rest);
            AddInt32<TCount>(ref dots, ref rest, 0);
        }
        else
        {
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, TFirst.Value + 2), record + 4 * TFirst.Value + 8);
            MultiplyAdd<TCount>(ref dots, TCodes.Line<TLanes, TVector>(codes, TFirst.Value + 3), record + 4 * TFirst.Value + 12);
            Widen<TCount>(ref dots);
        }
        result = dots;
    }

    /// <summary>Dot products of bytes in sums of 16 bits: of the lower nibbles, then of the upper ones, which count sixteenfold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NibbleByNibble<TCount>(ref Sums<TVector> dots, byte* codes, byte* record)
        where TCount : struct, IConstant
    {
        Nibbles<TCount, Zero>(out dots, codes, record);
        Nibbles<TCount, Four>(out Sums<TVector> high, codes, record);
        AddInt32<TCount>(ref dots, ref high, 4);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Nibbles<TCount, TShift>(out Sums<TVector> result, byte* codes, byte* record)
        where TCount : struct, IConstant
        where TShift : struct, IConstant
    {
        Unsafe.SkipInit(out Sums<TVector> dots);
        Multiply<TCount>(ref dots, Nibble<TShift>(codes, 0), record);
        MultiplyAdd<TCount>(ref dots, Nibble<TShift>(codes, 1), record + 4);
        MultiplyAdd<TCount>(ref dots, Nibble<TShift>(codes, 2), record + 8);
        MultiplyAdd<TCount>(ref dots, Nibble<TShift>(codes, 3), record + 12);
        MultiplyAdd<TCount>(ref dots, Nibble<TShift>(codes, 4), record + 16);
        MultiplyAdd<TCount>(ref dots, Nibble<TShift>(codes, 5), record + 20);
        MultiplyAdd<TCount>(ref dots, Nibble<TShift>(codes, 6), record + 24);
        MultiplyAdd<TCount>(ref dots, Nibble<TShift>(codes, 7), record + 28);
        Widen<TCount>(ref dots);
        result = dots;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Nibble<TShift>(byte* codes, int j)
        where TShift : struct, IConstant
    {
        TVector line = TCodes.Line<TLanes, TVector>(codes, j);
        return TLanes.And(TShift.Value == 0 ? line : TLanes.ShiftRight(line, 4), TLanes.Create(15));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TCount>(ref Sums<TVector> sums, TVector line, byte* activations)
        where TCount : struct, IConstant
    {
        sums.A = TLanes.Multiply(line, activations);
        if (TCount.Value > 1)
            sums.B = TLanes.Multiply(line, activations + ActivationGroups.RecordBytes);
        if (TCount.Value > 2)
        {
            sums.C = TLanes.Multiply(line, activations + 2 * ActivationGroups.RecordBytes);
            sums.D = TLanes.Multiply(line, activations + 3 * ActivationGroups.RecordBytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd<TCount>(ref Sums<TVector> sums, TVector line, byte* activations)
        where TCount : struct, IConstant
    {
        sums.A = TLanes.MultiplyAdd(sums.A, line, activations);
        if (TCount.Value > 1)
            sums.B = TLanes.MultiplyAdd(sums.B, line, activations + ActivationGroups.RecordBytes);
        if (TCount.Value > 2)
        {
            sums.C = TLanes.MultiplyAdd(sums.C, line, activations + 2 * ActivationGroups.RecordBytes);
            sums.D = TLanes.MultiplyAdd(sums.D, line, activations + 3 * ActivationGroups.RecordBytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen<TCount>(ref Sums<TVector> sums)
        where TCount : struct, IConstant
    {
        sums.A = TLanes.Widen(sums.A);
        if (TCount.Value > 1)
            sums.B = TLanes.Widen(sums.B);
        if (TCount.Value > 2)
        {
            sums.C = TLanes.Widen(sums.C);
            sums.D = TLanes.Widen(sums.D);
        }
    }

    /// <summary><c>sums + others · 2ᵇⁱᵗˢ</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddInt32<TCount>(ref Sums<TVector> sums, ref Sums<TVector> others, int bits)
        where TCount : struct, IConstant
    {
        sums.A = TLanes.AddInt32(sums.A, TLanes.ScaleInt32(others.A, bits));
        if (TCount.Value > 1)
            sums.B = TLanes.AddInt32(sums.B, TLanes.ScaleInt32(others.B, bits));
        if (TCount.Value > 2)
        {
            sums.C = TLanes.AddInt32(sums.C, TLanes.ScaleInt32(others.C, bits));
            sums.D = TLanes.AddInt32(sums.D, TLanes.ScaleInt32(others.D, bits));
        }
    }
}

/// <summary>Sums of up to four tokens; what a kernel does not use is not compiled.</summary>
internal struct Sums<TVector>
    where TVector : struct
{
    public TVector A, B, C, D;
}
