using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Writes the product of panels and a tile of tokens in AVX-512 VNNI: <c>vpdpbusd</c> multiplies 64 codes by activations and adds them to 16 sums.</summary>
/// <remarks>
/// <para>.NET 10 has no intrinsics for AVX-512 VNNI. The code follows the System V calling convention, reads a <see cref="PanelTile"/>, and uses
/// caller-saved registers only. Its arithmetic is that of <see cref="PanelProduct"/>: exact sums of 32 bits, then the same roundings in the same order.</para>
/// <para>Registers: zmm0–7 codes of a group; zmm8–15 sums of the tokens; zmm16–21 dot products; zmm22–27 scales; zmm28–31 constants.
/// rdi arguments, r8 codes, r9 scales of groups, r10 results, r11 panels left, rdx superblocks left, rcx pairs of groups left, rax activations, rsi stride.</para>
/// </remarks>
internal sealed class VnniAssembler
{
    /// <summary>How far ahead lines of the weight are asked for, into the second-level cache.</summary>
    private const int PrefetchBytes = 4608;

    /// <summary>Tokens whose chains of dot products run side by side, where a chain is a whole group.</summary>
    /// <remarks>Intel's <c>vpdpbusd</c> takes 5 cycles and two can begin in each, so two chains leave most places empty: 512 tokens run at 113
    /// to 144 GMAC/s with two and at 155 to 166 with four (one thread of a Sapphire Rapids).</remarks>
    private const int WholeGroupChains = 4;

    /// <summary>Tokens whose chains run side by side, where a group is two chains.</summary>
    private const int HalfGroupChains = 2;

    /// <summary>From how many tokens on lines are asked for ahead.</summary>
    /// <remarks>On a Zen 4 the processor's own prefetching does better with few tokens (22 to 28 GB/s instead of 18 to 20 of 30), with eight it is
    /// the other way round (11 to 19 instead of 7 to 12): it sees lines that are far apart in time. Intel's stops at the end of a page of 4 KB:
    /// asking ahead reads 22 GB/s instead of 18 (two threads of a Sapphire Rapids), and E2B in Q4_0 writes 11.6 to 13.1 tokens/s instead of 9.8.</remarks>
    private static readonly int PrefetchTokens = IsIntel ? 1 : 4;

    private const int Line = PanelLayout.LineBytes, Record = ActivationGroups.RecordBytes;

    /// <summary><c>vpternlogd</c>: a | (b &amp; c).</summary>
    private const byte OrAnd = 0xF8;

    private static readonly AssemblerRegisterZMM[] Codes = [zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7];
    private static readonly AssemblerRegisterZMM[] Sums = [zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15];
    private static readonly AssemblerRegisterZMM[] Dots = [zmm16, zmm17, zmm18, zmm19];
    private static readonly AssemblerRegisterZMM Plane = zmm20, Shifted = zmm21;
    private static readonly AssemblerRegisterZMM[] Scales = [zmm22, zmm23], Minima = [zmm24, zmm25];
    private static readonly AssemblerRegisterZMM SuperScale = zmm26, SuperMinimum = zmm27;
    private static readonly AssemblerRegisterZMM NibbleMask = zmm28, HighMask = zmm29, PairMask = zmm30, Table = zmm30, Eighth = zmm31;

    private readonly PanelLayout _layout;
    private readonly int _tokens;
    private readonly Assembler _code = new(64) { PreferVex = false };      // VEX forms would be AVX-VNNI, which not every processor with AVX-512 VNNI has

    private VnniAssembler(PanelLayout layout, int tokens) => (_layout, _tokens) = (layout, tokens);

    /// <summary>Whether the processor calls itself <c>GenuineIntel</c>.</summary>
    private static bool IsIntel => X86Base.IsSupported && X86Base.CpuId(0, 0).Ebx == 0x756E6547;

    private bool HasSubScales => _layout.Groups > 2;

    /// <summary>Where the bits above nibbles, or above bit pairs, stand in a code.</summary>
    private int HighBits => _layout.Nibbles ? (_layout.Pairs ? 0x30 : 0x10) : 0x04;

    /// <summary>Assembles a kernel; it runs at any address.</summary>
    /// <param name="layout">The panels' layout.</param>
    /// <param name="tokens">Tokens of the tile, 1 to <see cref="ActivationGroups.TileTokens"/>.</param>
    public static byte[] Assemble(PanelLayout layout, int tokens)
    {
        var assembler = new VnniAssembler(layout, tokens);
        assembler.Write();
        using var stream = new MemoryStream();
        assembler._code.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    private void Write()
    {
        Label panel = _code.CreateLabel(), super = _code.CreateLabel(), groups = _code.CreateLabel();
        LoadConstants();
        _code.mov(r8, __qword_ptr[rdi]);
        _code.mov(r10, __qword_ptr[rdi + 16]);
        _code.mov(r11, __qword_ptr[rdi + 32]);
        _code.mov(rsi, __qword_ptr[rdi + 40]);
        _code.Label(ref panel);
        for (int token = 0; token < _tokens; token++)
            _code.vpxord(Sums[token], Sums[token], Sums[token]);
        _code.mov(rax, __qword_ptr[rdi + 8]);
        _code.mov(rdx, __qword_ptr[rdi + 24]);
        _code.Label(ref super);
        if (HasSubScales)
        {
            LoadSuperScales();
            Prefetch(0, _layout.CodesAt);
            _code.mov(ecx, _layout.Groups / 2);
            _code.Label(ref groups);
        }
        Prefetch(HasSubScales ? _layout.CodesAt : 0, HasSubScales ? 2 * _layout.GroupBytes : _layout.SuperBytes);
        WriteGroup(0);
        WriteGroup(1);
        _code.add(rax, 2 * _tokens * Record);
        if (HasSubScales)
        {
            _code.add(r8, 2 * _layout.GroupBytes);
            _code.add(r9, 2 * PanelLayout.GroupColumns / _layout.ScaleColumns * PanelLayout.Rows);
            _code.dec(ecx);
            _code.jnz(groups);
            _code.add(r8, _layout.CodesAt);
        }
        else
        {
            _code.add(r8, _layout.SuperBytes);
        }
        _code.dec(rdx);
        _code.jnz(super);
        WriteResults();
        _code.dec(r11);
        _code.jnz(panel);
        _code.vzeroupper();
        _code.ret();
    }

    private void LoadConstants()
    {
        Broadcast(NibbleMask, 0x0F0F0F0F);
        if (_layout.Pairs && !_layout.Nibbles)
            Broadcast(PairMask, 0x03030303);
        if (_layout.Singles || (_layout.Nibbles && _layout.Pairs))
            Broadcast(HighMask, HighBits * 0x01010101);
        if (_layout.Scales is PanelScales.NibbleSubScaleMinimum)
            Broadcast(Eighth, BitConverter.SingleToInt32Bits(0.125f));
        if (!_layout.Table.IsEmpty)
        {
            _code.mov(rax, BitConverter.ToInt64(_layout.Table));
            _code.vmovq(xmm0, rax);
            _code.mov(rax, BitConverter.ToInt64(_layout.Table[8..]));
            _code.vpinsrq(xmm0, xmm0, rax, 1);
            _code.vshufi32x4(Table, zmm0, zmm0, 0);
        }
    }

    private void Broadcast(AssemblerRegisterZMM to, int value)
    {
        _code.mov(eax, value);
        _code.vpbroadcastd(to, eax);
    }

    /// <summary>Asks for what lies at and behind a place as soon as the superblocks before it are used.</summary>
    private void Prefetch(int at, int bytes)
    {
        for (int line = 0; _tokens >= PrefetchTokens && line < bytes; line += Line)
            _code.prefetcht1(__byte_ptr[r8 + PrefetchBytes + at + line]);
    }

    /// <summary>The scales that a whole superblock shares; r9 then walks over those of its groups.</summary>
    private void LoadSuperScales()
    {
        int halves = 2 * _layout.Groups * PanelLayout.Rows;
        _code.vcvtph2ps(SuperScale, __ymmword_ptr[r8 + halves]);
        if (_layout.HasMinima)
            _code.vcvtph2ps(SuperMinimum, __ymmword_ptr[r8 + halves + 2 * PanelLayout.Rows]);
        _code.mov(r9, r8);
    }

    /// <summary>32 columns, the first or second of two groups.</summary>
    private void WriteGroup(int group)
    {
        LoadCodes(_layout.CodesAt + group * _layout.GroupBytes);
        LoadScales(group);
        bool whole = _layout.ScaleColumns == PanelLayout.GroupColumns;
        int chains = whole ? WholeGroupChains : HalfGroupChains;
        for (int first = 0; first < _tokens; first += chains)
        {
            int count = Math.Min(chains, _tokens - first);
            if (whole)
                WriteWholeGroup(group, first, count);
            else
                WriteHalfGroups(group, first, count);
        }
    }

    private void LoadCodes(int at)
    {
        if (_layout.Bytes)
        {
            for (int j = 0; j < 8; j++)
                _code.vmovdqu8(Codes[j], __zmmword_ptr[r8 + at + Line * j]);
            return;
        }
        if (_layout.Nibbles)
        {
            for (int j = 0; j < 4; j++)
            {
                _code.vmovdqu8(Codes[j], __zmmword_ptr[r8 + at + Line * j]);
                _code.vpsrld(Codes[j + 4], Codes[j], 4);
                _code.vpandd(Codes[j], Codes[j], NibbleMask);
                _code.vpandd(Codes[j + 4], Codes[j + 4], NibbleMask);
            }
            at += 4 * Line;
        }
        for (int j = 0; _layout.Pairs && j < 8; j++)
        {
            if (j % 4 == 0)
                _code.vmovdqu8(Plane, __zmmword_ptr[r8 + at + Line * (j / 4)]);
            if (_layout.Nibbles)
                AddHighBits(Codes[j], 4 - 2 * (j % 4));
            else
                TakeBits(Codes[j], 2 * (j % 4));
        }
        if (_layout.Singles)
        {
            _code.vmovdqu8(Plane, __zmmword_ptr[r8 + at + (_layout.Pairs ? 2 * Line : 0)]);
            for (int j = 0; j < 8; j++)
                AddHighBits(Codes[j], (_layout.Nibbles ? 4 : 2) - j);
        }
        for (int j = 0; !_layout.Table.IsEmpty && j < 8; j++)
            _code.vpshufb(Codes[j], Table, Codes[j]);
    }

    /// <summary>Adds bits of the plane, moved up (down where negative) to their place above the others.</summary>
    private void AddHighBits(AssemblerRegisterZMM code, int shift)
    {
        if (shift > 0)
            _code.vpslld(Shifted, Plane, (byte)shift);
        else if (shift < 0)
            _code.vpsrld(Shifted, Plane, (byte)-shift);
        _code.vpternlogd(code, shift == 0 ? Plane : Shifted, HighMask, OrAnd);
    }

    private void TakeBits(AssemblerRegisterZMM code, int shift)
    {
        if (shift > 0)
            _code.vpsrld(code, Plane, (byte)shift);
        _code.vpandd(code, shift > 0 ? code : Plane, PairMask);
    }

    private void LoadScales(int group)
    {
        int halves = 2 * PanelLayout.Rows * group, bytes = PanelLayout.Rows * group;
        switch (_layout.Scales)
        {
            case PanelScales.Half:
                _code.vcvtph2ps(Scales[0], __ymmword_ptr[r8 + halves]);
                break;
            case PanelScales.BFloat:
                _code.vpmovzxwd(Scales[0], __ymmword_ptr[r8 + halves]);
                _code.vpslld(Scales[0], Scales[0], 16);
                break;
            case PanelScales.HalfMinimum:
                _code.vcvtph2ps(Scales[0], __ymmword_ptr[r8 + halves]);
                _code.vcvtph2ps(Minima[0], __ymmword_ptr[r8 + halves + 4 * PanelLayout.Rows]);
                break;
            case PanelScales.SubScaleMinimum:
                _code.vpmovzxbd(Scales[0], __xmmword_ptr[r9 + bytes]);
                _code.vpmovzxbd(Minima[0], __xmmword_ptr[r9 + _layout.Groups * PanelLayout.Rows + bytes]);
                Multiply(Scales[0], SuperScale);
                Multiply(Minima[0], SuperMinimum);
                break;
            case PanelScales.SubScale:
                for (int half = 0; half < 2; half++)
                {
                    _code.vpmovsxbd(Scales[half], __xmmword_ptr[r9 + 2 * bytes + PanelLayout.Rows * half]);
                    Multiply(Scales[half], SuperScale);
                }
                break;
            case PanelScales.NibbleSubScaleMinimum:
                for (int half = 0; half < 2; half++)
                {
                    _code.vpmovzxbd(Scales[half], __xmmword_ptr[r9 + 2 * bytes + PanelLayout.Rows * half]);
                    _code.vpsrld(Minima[half], Scales[half], 4);
                    _code.vpandd(Scales[half], Scales[half], NibbleMask);
                    Multiply(Scales[half], SuperScale);
                    Multiply(Minima[half], SuperMinimum);
                    _code.vmulps(Minima[half], Minima[half], Eighth);
                }
                break;
            default:
                throw new InvalidOperationException($"No scales are known of {_layout.Scales}.");
        }
    }

    private void Multiply(AssemblerRegisterZMM wholeNumbers, AssemblerRegisterZMM by)
    {
        _code.vcvtdq2ps(wholeNumbers, wholeNumbers);
        _code.vmulps(wholeNumbers, wholeNumbers, by);
    }

    private void WriteWholeGroup(int group, int first, int count)
    {
        for (int t = 0; t < count; t++)
            Start(Dots[t], At(group, first + t));
        for (int j = 0; j < 8; j++)
        {
            for (int t = 0; t < count; t++)
                _code.vpdpbusd(Dots[t], Codes[j], __dword_bcst[rax + At(group, first + t) + 4 * j]);
        }
        for (int t = 0; t < count; t++)
        {
            AddScaled(Sums[first + t], Dots[t], Scales[0], At(group, first + t));
            if (_layout.Scales is PanelScales.HalfMinimum)
                _code.vfmadd231ps(Sums[first + t], Minima[0], __dword_bcst[rax + At(group, first + t) + ActivationGroups.ScaledSumAt]);
            else if (_layout.HasMinima)
                _code.vfnmadd231ps(Sums[first + t], Minima[0], __dword_bcst[rax + At(group, first + t) + ActivationGroups.ScaledSumAt]);
        }
    }

    private void WriteHalfGroups(int group, int first, int count)
    {
        for (int t = 0; t < count; t++)
        {
            Start(Dots[2 * t], At(group, first + t), first: true);
            Start(Dots[2 * t + 1], At(group, first + t), first: false);
        }
        for (int j = 0; j < 4; j++)
        {
            for (int t = 0; t < 2 * count; t++)
                _code.vpdpbusd(Dots[t], Codes[j + t % 2 * 4], __dword_bcst[rax + At(group, first + t / 2) + 4 * j + t % 2 * 16]);
        }
        for (int t = 0; t < 2 * count; t++)
            AddScaled(Sums[first + t / 2], Dots[t], Scales[t % 2], At(group, first + t / 2));
        for (int t = 0; _layout.HasMinima && t < 2 * count; t++)
        {
            HalfSum(Dots[t], At(group, first + t / 2), first: t % 2 == 0);
            AddScaled(Sums[first + t / 2], Dots[t], Minima[t % 2], At(group, first + t / 2));
        }
    }

    /// <summary>Where a token's record begins.</summary>
    private int At(int group, int token) => (group * _tokens + token) * Record;

    /// <summary>A dot product's first value: minus the offset of the codes times the sum of the activations.</summary>
    private void Start(AssemblerRegisterZMM dot, int record)
    {
        if (_layout.Offset == 0)
            _code.vpxord(dot, dot, dot);
        else if (_layout.Offset == 8)
            _code.vpbroadcastd(dot, __dword_ptr[rax + record + ActivationGroups.SumAt]);
        else
            _code.vpslld(dot, __dword_bcst[rax + record + ActivationGroups.SumAt], (byte)BitOperations.Log2((uint)_layout.Offset / 8));
    }

    private void Start(AssemblerRegisterZMM dot, int record, bool first)
    {
        if (_layout.Offset == 0)
        {
            _code.vpxord(dot, dot, dot);
            return;
        }
        HalfSum(dot, record, first);
        if (_layout.Offset < 8)
            _code.vpsrad(dot, dot, (byte)BitOperations.Log2(8 / (uint)_layout.Offset));
        else
            _code.vpslld(dot, dot, (byte)BitOperations.Log2((uint)_layout.Offset / 8));
    }

    /// <summary>−8 times the sum of half a group's activations.</summary>
    private void HalfSum(AssemblerRegisterZMM to, int record, bool first)
    {
        _code.vpbroadcastd(to, __dword_ptr[rax + record + (first ? ActivationGroups.FirstSumAt : ActivationGroups.SumAt)]);
        if (!first)
            _code.vpsubd(to, to, __dword_bcst[rax + record + ActivationGroups.FirstSumAt]);
    }

    private void AddScaled(AssemblerRegisterZMM sum, AssemblerRegisterZMM dot, AssemblerRegisterZMM scale, int record)
    {
        _code.vcvtdq2ps(dot, dot);
        _code.vmulps(dot, dot, __dword_bcst[rax + record + ActivationGroups.ScaleAt]);
        _code.vfmadd231ps(sum, dot, scale);
    }

    private void WriteResults()
    {
        _code.mov(rax, r10);
        for (int token = 0; token < _tokens; token++)
        {
            _code.vmovups(__zmmword_ptr[rax], Sums[token]);
            if (token + 1 < _tokens)
                _code.add(rax, rsi);
        }
        _code.add(r10, PanelLayout.Rows * sizeof(float));
    }
}
