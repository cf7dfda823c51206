using System.Globalization;
using Gemma4.Engine;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models;
using Gemma4.Verification;

namespace Gemma4.Benchmarks;

/// <summary>Perplexity of a model's forms on the answers of held conversations: what fewer bits cost.</summary>
internal static class PerplexityBenchmark
{
    private static readonly ComputeOptions Float32 = new() { Device = "cpu", Dtype = "float32", KvDtype = "float32", Activations = "float32" };

    /// <summary>The forms, each with what differs from float32 throughout.</summary>
    private static readonly (string Name, ComputeOptions Compute)[] Forms =
    [
        ("float32 throughout", Float32),
        ("keys and values in bfloat16", Float32 with { KvDtype = "bfloat16" }),
        ("keys and values in int8", Float32 with { KvDtype = "int8" }),
        ("weights in int8, activations in float32", Float32 with { Quantization = "int8" }),
        ("weights in int4, activations in float32", Float32 with { Quantization = "int4" }),
        ("--quantization int8 as served", new() { Device = "cpu", Quantization = "int8" }),
        ("--quantization int4 as served", new() { Device = "cpu", Quantization = "int4" }),
        ("as stored, as served", new() { Device = "cpu" }),
    ];

    /// <summary>Prints a line a form.</summary>
    /// <param name="output">Where.</param>
    /// <param name="checkpoint">The model.</param>
    /// <param name="conversations">A file with a JSON object a line; the last message is the answer that is measured.</param>
    public static void Run(TextWriter output, Checkpoint checkpoint, string conversations)
    {
        (int[] Ids, int AnswerAt)[] samples = [.. HeldConversations.Read(checkpoint, conversations)];
        double reference = 0;
        output.WriteLine("| form | perplexity | against float32 |");
        output.WriteLine("|---|---:|---:|");
        foreach ((string name, ComputeOptions compute) in Forms)
        {
            using Gemma4Model model = checkpoint.LoadModel(compute);
            (double logLikelihood, int count) = (0, 0);
            foreach ((int[] ids, int answerAt) in samples)
            {
                logLikelihood += LogLikelihood(model, ids, answerAt);
                count += ids.Length - answerAt;
            }
            double perplexity = Math.Exp(-logLikelihood / count);
            reference = reference == 0 ? perplexity : reference;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {perplexity:0.00000} | {100 * (perplexity / reference - 1):+0.000;-0.000} % |"));
        }
    }

    private static double LogLikelihood(Gemma4Model model, int[] ids, int answerAt)
    {
        using var session = new PagedSession(model, ids.Length);
        Activations hidden = session.Step(ids, []);
        double sum = 0;
        for (int at = answerAt; at < ids.Length; at++)
        {
            ReadOnlySpan<float> logits = model.Logits(hidden, [at - 1])[0];
            double max = double.NegativeInfinity, total = 0;
            foreach (float logit in logits)
                max = Math.Max(max, logit);
            foreach (float logit in logits)
                total += Math.Exp(logit - max);
            sum += logits[ids[at]] - max - Math.Log(total);
        }
        return sum;
    }
}
