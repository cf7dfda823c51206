using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;
using Iced.Intel;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels.Panels;

/// <summary>What is assembled, read back: on any processor, for where it cannot be run.</summary>
public sealed class VnniAssemblerTests
{
    private static readonly CpuidFeature[] Allowed =
    [
        CpuidFeature.INTEL8086, CpuidFeature.INTEL386, CpuidFeature.X64, CpuidFeature.SSE, CpuidFeature.AVX,
        CpuidFeature.AVX512F, CpuidFeature.AVX512BW, CpuidFeature.AVX512DQ, CpuidFeature.AVX512VL, CpuidFeature.AVX512_VNNI,
    ];

    private static readonly Register[] CallerSaved =
        [Register.RAX, Register.RCX, Register.RDX, Register.RSI, Register.RDI, Register.R8, Register.R9, Register.R10, Register.R11];

    [Theory]
    [MemberData(nameof(StoredWeights.FormatNames), MemberType = typeof(StoredWeights))]
    public void Kernels_keep_to_the_instructions_and_registers_that_are_theirs(string name)
    {
        var facts = new InstructionInfoFactory();
        for (int tokens = 1; tokens <= ActivationGroups.TileTokens; tokens++)
        {
            byte[] code = VnniAssembler.Assemble(PanelLayout.Of(Enum.Parse<WeightFormat>(name)), tokens);
            List<Instruction> instructions = Decode(code);
            Assert.Equal(Mnemonic.Ret, instructions[^1].Mnemonic);
            Assert.Equal(Mnemonic.Vzeroupper, instructions[^2].Mnemonic);
            foreach (Instruction instruction in instructions)
            {
                Assert.All(instruction.CpuidFeatures.ToArray(), feature => Assert.Contains(feature, Allowed));
                if (instruction.Mnemonic is Mnemonic.Vpdpbusd)
                    Assert.Equal(EncodingKind.EVEX, instruction.Encoding);      // the VEX form is another instruction set's
                if (instruction.IsJccShortOrNear)
                    Assert.Contains(instructions, target => target.IP == instruction.NearBranchTarget);
                AssertRegisters(facts.GetInfo(instruction), instruction);
            }
            Assert.Equal(tokens, instructions.Count(i => i.Mnemonic is Mnemonic.Vmovups && i.Op0Kind is OpKind.Memory));
            Assert.Equal(2 * 8 * tokens, instructions.Count(i => i.Mnemonic is Mnemonic.Vpdpbusd));
        }
    }

    [Fact]
    public void Memory_that_became_executable_runs_and_is_no_longer_written()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && System.Runtime.Intrinsics.X86.X86Base.X64.IsSupported, "needs Linux on x86-64");
        using ExecutableMemory? memory = ExecutableMemory.TryPublish([0xB8, 0x2A, 0, 0, 0, 0xC3]);      // mov eax, 42; ret
        Assert.NotNull(memory);
        unsafe
        {
            Assert.Equal(42, ((delegate* unmanaged<int>)memory.Address)());
            string range = $"{(nint)memory.Address:x}-";
            string mapping = Assert.Single(File.ReadLines("/proc/self/maps"), line => line.StartsWith(range, StringComparison.Ordinal));
            Assert.Contains(" r-xp ", mapping);
        }
    }

    private static List<Instruction> Decode(byte[] code)
    {
        var decoder = Decoder.Create(64, code);
        var instructions = new List<Instruction>();
        while (decoder.IP < (ulong)code.Length)
        {
            instructions.Add(decoder.Decode());
            Assert.False(instructions[^1].IsInvalid);
        }
        return instructions;
    }

    private static void AssertRegisters(InstructionInfo info, Instruction instruction)
    {
        foreach (UsedRegister used in info.GetUsedRegisters())
        {
            if (used.Register.IsGPR() && used.Register.GetFullRegister() is not Register.RSP)
                Assert.Contains(used.Register.GetFullRegister(), CallerSaved);
        }
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            if (used.Access is OpAccess.Write or OpAccess.ReadWrite)
                Assert.True(instruction.Mnemonic is Mnemonic.Vmovups && used.Base is Register.RAX, $"{instruction} writes where no result is");
        }
    }
}
