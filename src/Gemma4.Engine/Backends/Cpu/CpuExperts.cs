using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Routed experts in host memory: each expert's tokens side by side, all experts' rows shared out over the team.</summary>
/// <remarks>A token's experts are added in order of their numbers, so its sum does not depend on the tokens beside it, to the last bit.</remarks>
internal sealed unsafe class CpuExperts : Experts
{
    /// <summary>Tokens taken together: bounds the memory of their experts' results, A · D numbers each.</summary>
    public const int TokensAtOnce = 512;

    private readonly CpuBackend _backend;
    private readonly ExpertMatrices[] _experts;
    private readonly ExpertGroups _groups;
    private readonly RowBuffer _gathered;      // [T · A, D]
    private readonly RowBuffer _gated;         // [T · A, F]
    private readonly RowBuffer _results;       // [T · A, D]
    private readonly GroupedExpertRows _gateInputs;
    private readonly GroupedExpertRows _downInputs;
    private readonly GatherRows _gather;
    private readonly Products _gate;
    private readonly Products _down;
    private readonly SumRows _sum;

    /// <param name="backend">Threads and scratch memory.</param>
    /// <param name="experts">The weights of E experts, of the same shapes.</param>
    public CpuExperts(CpuBackend backend, ExpertMatrices[] experts)
    {
        _backend = backend;
        _experts = experts;
        _groups = new ExpertGroups(experts.Length);
        int d = experts[0].Down.Rows, f = experts[0].Gate.Rows;
        _gathered = backend.CreateExpertBuffer("expert inputs", d);
        _gated = backend.CreateExpertBuffer("expert gates", f);
        _results = backend.CreateExpertBuffer("expert results", d);
        _gateInputs = backend.Own(new GroupedExpertRows(backend.Team, _groups, d, experts[0].Gate.ReadsGroups));
        _downInputs = backend.Own(new GroupedExpertRows(backend.Team, _groups, f, experts[0].Down.ReadsGroups));
        _gather = new GatherRows(this, d);
        _gate = new Products(this, f, isGate: true);
        _down = new Products(this, d, isGate: false);
        _sum = new SumRows(this, d);
    }

    public override void Apply(Activations x, ExpertChoice choice, Activations y)
    {
        var source = (CpuActivations)x;
        for (int first = 0; first < source.NumRows; first += TokensAtOnce)
        {
            int count = Math.Min(TokensAtOnce, source.NumRows - first);
            _groups.Fill((CpuExpertChoice)choice, first, count);
            foreach (RowBuffer buffer in (ReadOnlySpan<RowBuffer>)[_gathered, _gated, _results])
                buffer.Reserve(_groups.NumPairs);
            _gather.Run(source);
            _gateInputs.Prepare(_gathered.Data);
            _gate.Run();
            _downInputs.Prepare(_gated.Data);
            _down.Run();
            _sum.Run((CpuExpertChoice)choice, first, count, (CpuActivations)y);
        }
    }

    /// <summary>Copies each pair's input, so that an expert's tokens lie side by side.</summary>
    private sealed class GatherRows(CpuExperts experts, int width) : RowOperation(experts._backend.Team)
    {
        private CpuActivations _x = null!;

        public void Run(CpuActivations x)
        {
            _x = x;
            RunAll(experts._groups.NumPairs, width);
        }

        protected override void RunRows(int first, int end)
        {
            for (int pair = first; pair < end; pair++)
                new ReadOnlySpan<float>(_x.Row(experts._groups.TokenOf(pair)), width).CopyTo(new Span<float>(experts._gathered.Data + (long)pair * width, width));
        }
    }

    /// <summary>One product of all chosen experts; a part is an expert and some rows of its weight.</summary>
    private sealed class Products(CpuExperts experts, int rows, bool isGate) : IParts
    {
        /// <summary>Parts for each thread, over all experts.</summary>
        private const int PartsPerThread = 4;

        private int _partsPerExpert;
        private int _rowsPerPart;

        public void Run()
        {
            int groups = experts._groups.NumGroups, wanted = PartsPerThread * experts._backend.Team.NumThreads;
            int granularity = isGate ? experts._experts[0].Gate.RowGranularity : experts._experts[0].Down.RowGranularity;
            int parts = Math.Clamp((wanted + groups - 1) / groups, 1, Math.Max(1, rows / granularity));
            _rowsPerPart = (rows + parts - 1) / parts;
            _rowsPerPart = (_rowsPerPart + granularity - 1) / granularity * granularity;
            _partsPerExpert = (rows + _rowsPerPart - 1) / _rowsPerPart;
            experts._backend.Team.Run(groups * _partsPerExpert, this);
        }

        void IParts.Run(int part, int worker)
        {
            int index = part / _partsPerExpert;
            ExpertGroup group = experts._groups[index];
            int first = part % _partsPerExpert * _rowsPerPart, count = Math.Min(_rowsPerPart, rows - first);
            ExpertMatrices weights = experts._experts[group.Expert];
            int d = weights.Down.Rows, f = weights.Gate.Rows;
            if (isGate)
            {
                float* y = experts._gated.Data + (long)group.FirstPair * f + first;
                GatedRows.Run(experts._gateInputs.Of(index), weights.Gate, weights.Up, first, count, null, 0, y, f, experts._backend.Scratch, worker);
            }
            else
            {
                weights.Down.Multiply(experts._downInputs.Of(index), first, count, experts._results.Data + (long)group.FirstPair * d + first, d);
            }
        }
    }

    /// <summary>Adds up each token's experts.</summary>
    private sealed class SumRows(CpuExperts experts, int width) : RowOperation(experts._backend.Team)
    {
        private CpuExpertChoice _choice = null!;
        private CpuActivations _y = null!;
        private int _firstRow;

        public void Run(CpuExpertChoice choice, int firstRow, int numRows, CpuActivations y)
        {
            (_choice, _firstRow, _y) = (choice, firstRow, y);
            RunAll(numRows, width * choice.NumActive);
        }

        protected override void RunRows(int first, int end)
        {
            for (int token = first; token < end; token++)
            {
                float* y = _y.Row(_firstRow + token);
                new Span<float>(y, width).Clear();
                ReadOnlySpan<float> shares = _choice.SharesOf(_firstRow + token);
                foreach ((int pair, int place) in experts._groups.PairsOf(token))
                    RowArithmetic.AddScaled(experts._results.Data + (long)pair * width, shares[place], y, width);
            }
        }
    }
}

/// <summary>One expert's weights as the CPU multiplies with them.</summary>
/// <param name="Gate"><c>[F, D]</c>.</param>
/// <param name="Up"><c>[F, D]</c>.</param>
/// <param name="Down"><c>[D, F]</c>.</param>
internal readonly record struct ExpertMatrices(CpuMatrix Gate, CpuMatrix Up, CpuMatrix Down);
