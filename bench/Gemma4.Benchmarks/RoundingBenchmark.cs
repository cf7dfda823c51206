using System.Globalization;
using System.Numerics.Tensors;
using Gemma4.Engine;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;
using Gemma4.Verification;

namespace Gemma4.Benchmarks;

/// <summary>What products in int8 lose, by how many numbers share a scale: queries of every layer and the head, on a model's own weights and hidden states.</summary>
internal static class RoundingBenchmark
{
    private const int Group = 32, NumConversations = 20;

    /// <summary>Ways of rounding, with the numbers that share a scale in weights and in activations; 0 for a whole row.</summary>
    private static readonly (string Name, int OfWeights, int OfActivations)[] Ways =
    [
        ($"both in groups of {Group}", Group, Group),
        ("weights with a scale a channel, activations in groups", 0, Group),
        ("weights with a scale a channel, activations with one a token", 0, 0),
    ];

    /// <summary>Prints a line a way: the root mean square of what the results are off by, over that of the results.</summary>
    /// <param name="output">Where.</param>
    /// <param name="checkpoint">The model.</param>
    /// <param name="conversations">A file with a JSON object a line; the first ones are read.</param>
    public static void Run(TextWriter output, Checkpoint checkpoint, string conversations)
    {
        using Gemma4Model model = checkpoint.LoadModel(new ComputeOptions { Device = "cpu", Dtype = "float32", KvDtype = "float32", Activations = "float32" });
        using var weights = new CheckpointWeights(checkpoint.OpenTensors().Locate(model.Config, ModelLoader.Expect(model.Config).Shapes), model.Backend, null);
        var seen = new HiddenStates();
        foreach (int[] ids in HeldConversations.Read(checkpoint, conversations).Take(NumConversations).Select(c => c.Ids))
        {
            using var session = new PagedSession(model, ids.Length);
            session.Step(ids, [], observer: seen);
        }
        TextConfig text = model.Config.Text;
        int layers = text.Layers.Length, width = text.HiddenSize;
        double[] lost = new double[Ways.Length];
        double all = 0;
        for (int i = 0; i <= layers; i++)
        {
            bool isHead = i == layers;      // the last hidden states are normalised already
            string layer = $"model.language_model.layers.{i}.";
            float[] scale = isHead ? [.. Enumerable.Repeat(1f, width)] : weights.Take(layer + "input_layernorm.weight", [width]).ToSingles();
            float[] matrix = isHead
                ? weights.Take("model.language_model.embed_tokens.weight", [text.VocabSize, width]).ToSingles()
                : weights.Take(layer + "self_attn.q_proj.weight", [text.NumQueryHeads * text.Layers[i].HeadDim, width]).ToSingles();
            float[][] rows = [.. seen.Rows[i].Select(row => isHead ? row : Normalise(row, scale))];
            float[] exact = Products(matrix, rows, width);
            all += exact.Sum(y => (double)y * y);
            for (int w = 0; w < Ways.Length; w++)
            {
                float[] rounded = Round(matrix, width, Ways[w].OfWeights);
                float[] found = Products(rounded, [.. rows.Select(row => Round(row, width, Ways[w].OfActivations))], width);
                lost[w] += exact.Zip(found).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2));
            }
        }
        output.WriteLine("| int8 | results off by |\n|---|---:|");
        for (int w = 0; w < Ways.Length; w++)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {Ways[w].Name} | {100 * Math.Sqrt(lost[w] / all):0.00} % |"));
    }

    private static float[] Normalise(float[] row, float[] scale)
    {
        double mean = row.Sum(x => (double)x * x) / row.Length;
        return [.. row.Select((x, i) => (float)(x / Math.Sqrt(mean + 1e-6) * scale[i]))];
    }

    /// <summary>Numbers as 127ths of the largest of those that share a scale.</summary>
    private static float[] Round(float[] numbers, int width, int group)
    {
        var rounded = new float[numbers.Length];
        int length = group == 0 ? width : group;
        for (int first = 0; first < numbers.Length; first += length)
        {
            ReadOnlySpan<float> some = numbers.AsSpan(first, Math.Min(length, width - first % width));
            float largest = 0;
            foreach (float x in some)
                largest = Math.Max(largest, Math.Abs(x));
            for (int i = 0; i < some.Length && largest > 0; i++)
                rounded[first + i] = MathF.Round(some[i] / largest * 127) * largest / 127;
        }
        return rounded;
    }

    private static float[] Products(float[] matrix, float[][] rows, int width)
    {
        int outFeatures = matrix.Length / width;
        var y = new float[rows.Length * outFeatures];
        for (int r = 0; r < rows.Length; r++)
        {
            for (int o = 0; o < outFeatures; o++)
                y[r * outFeatures + o] = TensorPrimitives.Dot(matrix.AsSpan(o * width, width), rows[r]);
        }
        return y;
    }

    /// <summary>Keeps the residual stream before every layer, and after the final norm.</summary>
    private sealed class HiddenStates : IForwardObserver
    {
        public Dictionary<int, List<float[]>> Rows { get; } = [];

        void IForwardObserver.HiddenStates(int index, Activations hidden)
        {
            if (!Rows.TryGetValue(index, out List<float[]>? rows))
                Rows.Add(index, rows = []);
            rows.AddRange(hidden.ToArray(0, hidden.NumRows).Chunk(hidden.Width));
        }

        public void Routing(int layer, ExpertChoice choice)
        {
        }
    }
}
