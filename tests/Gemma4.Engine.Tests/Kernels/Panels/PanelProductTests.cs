using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels.Panels;

public sealed unsafe class PanelProductTests
{
    /// <summary>Every format under every kernel that runs here.</summary>
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (KernelChoice choice in PanelKernels.Supported())
        {
            foreach (WeightFormat format in StoredWeights.Formats)
                cases.Add($"{format}", $"{choice}");
        }
        return cases;
    }

    /// <remarks>Rows and columns that leave part of a panel and of a superblock empty.</remarks>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Tiles_of_every_size_have_the_bits_of_the_definition(string formatName, string choice)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(formatName);
        PanelKernels kernels = PanelKernels.Create(Enum.Parse<KernelChoice>(choice));
        foreach ((int rows, int columns) in new[] { (37, 3 * format.BlockLength), (16, format.BlockLength), (1, 2 * format.BlockLength) })
        {
            PanelMatrix weight = StoredWeights.Pack(format, rows, columns, StoredWeights.Random(format, rows, columns, 7));
            for (int tokens = 1; tokens <= 17; tokens++)
            {
                using ActivationGroups x = StoredWeights.Quantise(StoredWeights.Activations(tokens * columns, (uint)tokens), tokens, columns);
                float[] expected = new float[tokens * rows], actual = new float[tokens * rows];
                PanelProduct.Reference(x, weight, expected);
                fixed (float* y = actual)
                    PanelProduct.Run(kernels, x, weight, 0, weight.NumPanels, y, rows);
                RowKernelCheck.SameBits(expected, actual);
            }
        }
    }

    /// <remarks>Largest codes times largest activations of either sign: what overflows sums of 16 bits anywhere shows here.</remarks>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Largest_codes_and_activations_do_not_saturate(string formatName, string choice)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(formatName);
        PanelKernels kernels = PanelKernels.Create(Enum.Parse<KernelChoice>(choice));
        int columns = format.BlockLength * 2;
        foreach (byte payload in new byte[] { 0x00, 0xFF, 0x80, 0x7F })
        {
            byte[] stored = new byte[16 * format.RowBytes(columns)];
            Array.Fill(stored, payload);
            foreach (int at in StoredWeights.HalvesOf(format))
            {
                for (int block = 0; block < stored.Length; block += format.BlockBytes)
                    BitConverter.TryWriteBytes(stored.AsSpan(block + at), (Half)1);
            }
            PanelMatrix weight = StoredWeights.Pack(format, 16, columns, stored);
            foreach (Func<int, float> number in new Func<int, float>[] { _ => 127, _ => -127, i => i % 2 == 0 ? 127 : -127, i => i % 32 < 16 ? 127 : -127 })
            {
                using ActivationGroups x = StoredWeights.Quantise([.. Enumerable.Range(0, 8 * columns).Select(number)], 8, columns);
                float[] expected = new float[8 * 16], actual = new float[8 * 16];
                PanelProduct.Reference(x, weight, expected);
                fixed (float* y = actual)
                    PanelProduct.Run(kernels, x, weight, 0, 1, y, 16);
                RowKernelCheck.SameBits(expected, actual);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Kernels_read_and_write_within_their_memory(string formatName, string choice)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(formatName);
        PanelKernels kernels = PanelKernels.Create(Enum.Parse<KernelChoice>(choice));
        const int Rows = 43;
        int columns = 3 * format.BlockLength;
        byte[] stored = StoredWeights.Random(format, Rows, columns, 9);
        PanelMatrix owned = StoredWeights.Pack(format, Rows, columns, stored);
        using GuardedMemory panels = new((int)owned.Bytes), records = new((int)ActivationGroups.BytesOf(9, columns)), results = new(9 * Rows * sizeof(float));
        for (int tokens = 1; tokens <= 9; tokens++)
        {
            float[] numbers = StoredWeights.Activations(tokens * columns, 3), expected = new float[tokens * Rows];
            using (ActivationGroups x = StoredWeights.Quantise(numbers, tokens, columns))
                PanelProduct.Reference(x, owned, expected);
            int bytes = (int)ActivationGroups.BytesOf(tokens, columns);
            foreach (bool atStart in new[] { true, false })
            {
                Span<byte> weight = atStart ? panels.AtStart<byte>((int)owned.Bytes) : panels.AtEnd<byte>((int)owned.Bytes);
                Span<byte> room = atStart ? records.AtStart<byte>(bytes) : records.AtEnd<byte>(bytes);
                Span<float> result = atStart ? results.AtStart<float>(tokens * Rows) : results.AtEnd<float>(tokens * Rows);
                new Span<byte>(owned.Panel(0), (int)owned.Bytes).CopyTo(weight);
                fixed (byte* first = weight, record = room)
                fixed (float* input = numbers, y = result)
                {
                    using var x = new ActivationGroups(record, tokens, columns);
                    x.Reshape(tokens, columns);
                    x.Quantise(input, columns, 0, tokens);
                    PanelProduct.Run(kernels, x, PanelMatrix.Over(format, Rows, columns, first), 0, owned.NumPanels, y, Rows);
                }
                RowKernelCheck.SameBits(expected, result);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Activations_that_are_not_finite_spoil_their_own_token_only(string formatName, string choice)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(formatName);
        PanelKernels kernels = PanelKernels.Create(Enum.Parse<KernelChoice>(choice));
        const int Rows = 16, Tokens = 5;
        int columns = 2 * format.BlockLength;
        PanelMatrix weight = StoredWeights.Pack(format, Rows, columns, StoredWeights.Random(format, Rows, columns, 4));
        float[] numbers = StoredWeights.Activations(Tokens * columns, 8), expected = new float[Tokens * Rows], actual = new float[Tokens * Rows];
        numbers[columns + 3] = float.NaN;
        numbers[3 * columns + 40] = float.PositiveInfinity;
        using ActivationGroups x = StoredWeights.Quantise(numbers, Tokens, columns);
        PanelProduct.Reference(x, weight, expected);
        fixed (float* y = actual)
            PanelProduct.Run(kernels, x, weight, 0, 1, y, Rows);
        RowKernelCheck.SameBits(expected, actual);
        for (int i = 0; i < actual.Length; i++)
            Assert.Equal(i / Rows is 1 or 3, float.IsNaN(actual[i]));
    }

    [Theory]
    [MemberData(nameof(StoredWeights.FormatNames), MemberType = typeof(StoredWeights))]
    public void The_definition_is_the_product_of_the_numbers_that_are_stored(string name)
    {
        WeightFormat format = Enum.Parse<WeightFormat>(name);
        const int Rows = 21, Tokens = 3, Columns = 512;
        PanelMatrix weight = StoredWeights.Pack(format, Rows, Columns, StoredWeights.Random(format, Rows, Columns, 6));
        using ActivationGroups x = StoredWeights.Quantise(StoredWeights.Activations(Tokens * Columns, 2), Tokens, Columns);
        float[] found = new float[Tokens * Rows], row = new float[Columns];
        PanelProduct.Reference(x, weight, found);
        for (int i = 0; i < Rows; i++)
        {
            new PanelElements(weight, i).CopyTo(row);
            for (int token = 0; token < Tokens; token++)
            {
                byte* record = x.Record(token, out long step);
                double sum = 0, magnitude = 0;
                for (int column = 0; column < Columns; column++)
                {
                    byte* group = record + column / 32 * step;
                    double product = (double)row[column] * ((sbyte*)group)[column % 32] * *(float*)(group + ActivationGroups.ScaleAt);
                    sum += product;
                    magnitude += Math.Abs(product);
                }
                Assert.InRange(found[token * Rows + i], sum - 2e-6 * magnitude, sum + 2e-6 * magnitude);
            }
        }
    }

    /// <remarks>More bytes than go into a block of panels, so that tiles of tokens go over several blocks.</remarks>
    [Fact]
    public void Parts_of_a_product_give_what_the_whole_gives()
    {
        const int Rows = 16 * 40 + 5, Columns = 1088, Tokens = 21;
        PanelKernels kernels = PanelKernels.Create(KernelChoice.Auto);
        PanelMatrix weight = StoredWeights.Pack(WeightFormat.Q4_0, Rows, Columns, StoredWeights.Random(WeightFormat.Q4_0, Rows, Columns, 5));
        using ActivationGroups x = StoredWeights.Quantise(StoredWeights.Activations(Tokens * Columns, 1), Tokens, Columns);
        float[] expected = new float[Tokens * Rows], whole = new float[Tokens * Rows], parts = new float[Tokens * Rows];
        PanelProduct.Reference(x, weight, expected);
        fixed (float* y = whole, z = parts)
        {
            PanelProduct.Run(kernels, x, weight, 0, weight.NumPanels, y, Rows);
            for (int panel = 0; panel < weight.NumPanels; panel += 3)
                PanelProduct.Run(kernels, x, weight, panel, Math.Min(3, weight.NumPanels - panel), z, Rows);
        }
        RowKernelCheck.SameBits(expected, whole);
        RowKernelCheck.SameBits(expected, parts);
    }

    [Fact]
    public void A_product_allocates_nothing()
    {
        PanelKernels kernels = PanelKernels.Create(KernelChoice.Auto);
        PanelMatrix weight = StoredWeights.Pack(WeightFormat.Q8_0, 40, 96, StoredWeights.Random(WeightFormat.Q8_0, 40, 96, 5));
        float[] numbers = StoredWeights.Activations(9 * 96, 1), results = new float[9 * 40];
        using var x = new ActivationGroups(9, 96);
        fixed (float* input = numbers, y = results)
        {
            long before = 0;
            for (int round = 0; round < 3; round++)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
                x.Reshape(9, 96);
                x.Quantise(input, 96, 0, 9);
                PanelProduct.Run(kernels, x, weight, 0, weight.NumPanels, y, 40);
            }
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        PanelKernels kernels = PanelKernels.Create(KernelChoice.Auto);
        PanelMatrix weight = StoredWeights.Allocate(WeightFormat.Q8_0, 40, 96);
        using ActivationGroups fits = StoredWeights.Quantise(new float[96], 1, 96), other = StoredWeights.Quantise(new float[64], 1, 64);
        Assert.Throws<ArgumentOutOfRangeException>(() => PanelProduct.Run(kernels, other, weight, 0, 1, null, 40));
        Assert.Throws<ArgumentOutOfRangeException>(() => PanelProduct.Run(kernels, fits, weight, 2, 2, null, 40));
        Assert.Throws<ArgumentOutOfRangeException>(() => PanelProduct.Run(kernels, fits, weight, -1, 1, null, 40));
        Assert.Throws<ArgumentOutOfRangeException>(() => PanelProduct.Run(kernels, fits, weight, 1, -1, null, 40));
    }

    [Fact]
    public void No_panels_write_nothing()
    {
        PanelKernels kernels = PanelKernels.Create(KernelChoice.Auto);
        PanelMatrix weight = StoredWeights.Allocate(WeightFormat.Q8_0, 40, 96);
        using ActivationGroups x = StoredWeights.Quantise(new float[96], 1, 96);
        for (int panel = 0; panel <= weight.NumPanels; panel++)
            PanelProduct.Run(kernels, x, weight, panel, 0, null, 40);      // a write to null would end the run
    }

    [Fact]
    public void Kernels_that_do_not_run_here_are_refused_by_name()
    {
        Assert.Equal(PanelKernels.Supported().First(), PanelKernels.Create(KernelChoice.Auto).Choice);
        foreach (KernelChoice choice in Enum.GetValues<KernelChoice>().Except([KernelChoice.Auto, .. PanelKernels.Supported()]))
            Assert.Contains($"{choice}", Assert.Throws<PlatformNotSupportedException>(() => PanelKernels.Create(choice)).Message);
    }
}
