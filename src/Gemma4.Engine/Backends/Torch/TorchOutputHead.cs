using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>The output projection on the device. What the host needs of the logits comes down in one copy, which is the step's one wait.</summary>
/// <param name="link">The way to host memory.</param>
/// <param name="product"><c>[V, D]</c>.</param>
/// <param name="softcap">Logits are squeezed into ± this; null leaves them.</param>
internal sealed class TorchOutputHead(DeviceLink link, Linear product, float? softcap) : OutputHead
{
    /// <summary>Rows whose logits are held on the device at once: with their keys 192 MiB at V = 262,144.</summary>
    private const int MaxRowsAtOnce = 64;

    private readonly KeptScalar? _cap = softcap is { } cap ? new KeptScalar(cap) : null;
    private readonly BestKeys _keys = new(link, product.OutFeatures);
    private readonly TorchLogits _logits = new(product.OutFeatures);
    private readonly List<int> _whole = [], _selected = [];

    public override unsafe Logits Compute(Activations hidden, ReadOnlySpan<int> rows, ReadOnlySpan<int> numBest)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ((TorchActivations)hidden).Operand;
        _whole.Clear();
        _selected.Clear();
        _logits.Clear();
        int most = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            int wanted = numBest.IsEmpty ? 0 : Math.Min(numBest[i], product.OutFeatures);
            most = Math.Max(most, wanted);
            List<int> kind = wanted == 0 ? _whole : _selected;
            _logits.Add(wanted, kind.Count);
            kind.Add(rows[i]);
        }
        var parts = new List<Tensor>();
        foreach (int[] some in _whole.Chunk(MaxRowsAtOnce))
            parts.Add(LogitsOf(x, some).flatten());
        foreach (int[] some in _selected.Chunk(MaxRowsAtOnce))
            parts.Add(_keys.Select(LogitsOf(x, some), most));
        float* received = link.Receive(parts.Count == 1 ? parts[0] : cat(parts));
        _logits.Take(received, _whole.Count, _selected.Count, most);
        return _logits;
    }

    /// <returns><c>[R, V]</c> float32; belongs to the caller's dispose scope.</returns>
    private Tensor LogitsOf(Tensor x, int[] rows)
    {
        using Tensor places = link.Send(rows);                                                                                 // [R]
        Tensor chosen = x.index_select(0, places);                                                                             // [R, D]
        Tensor logits = product.Forward(chosen).to(ScalarType.Float32);                                                        // [R, V]
        if (_cap is not null)
            logits.div_(_cap.Value).tanh_().mul_(_cap.Value);
        return logits;
    }

    /// <summary>The received memory: all logits of the rows that ask for them, <c>[W, V]</c>, then the keys of the others' best, <c>[S, K]</c>.</summary>
    private sealed unsafe class TorchLogits(int vocabularySize) : Logits
    {
        private readonly List<(int NumBest, int Place)> _rows = [];
        private float* _whole;
        private int[] _ids = [];
        private float[] _values = [];
        private int _most;

        public void Clear() => _rows.Clear();

        /// <param name="numBest">How many best the next row asks for; 0 for all.</param>
        /// <param name="place">Its place among those of its kind.</param>
        public void Add(int numBest, int place) => _rows.Add((numBest, place));

        public void Take(float* received, int numWhole, int numSelected, int most)
        {
            _whole = received;
            _most = most;
            int count = numSelected * most;
            if (_ids.Length < count)
                (_ids, _values) = (new int[count], new float[count]);
            BestKeys.Read(new ReadOnlySpan<long>(received + (long)numWhole * vocabularySize, count), _ids, _values);
        }

        public override ReadOnlySpan<float> this[int row] => _rows[row] is (0, int place)
            ? new ReadOnlySpan<float>(_whole + (long)place * vocabularySize, vocabularySize)
            : throw new InvalidOperationException($"Only the best {_rows[row].NumBest} logits of row {row} were asked for.");

        public override BestLogits Best(int row)
        {
            (int numBest, int place) = _rows[row];
            return new BestLogits(_ids.AsSpan(place * _most, numBest), _values.AsSpan(place * _most, numBest));
        }
    }
}
