using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Gemma4.Engine.KvCache;

/// <summary>What sequences cost in KV memory, for people: printed at start and shown in the documentation.</summary>
public static class KvCostTable
{
    private const int BlockSize = 16;
    private static readonly int[] Lengths = [1024, 8192, 32768, 131072];

    /// <summary>A Markdown table of models: bytes a token, and MiB a sequence at several lengths, in this engine's layout and in two others.</summary>
    /// <param name="models">Rows.</param>
    /// <param name="bytesPerValue">Bytes of a stored number; 2 for bfloat16.</param>
    /// <remarks>The layouts: <c>ours</c>; <c>vLLM</c>, whose hybrid allocator also gives blocks back behind the window but stores keys and
    /// values apart; <c>all kept</c>, where every layer keeps every position (vLLM with its hybrid allocator off). A sequence is
    /// counted while it goes on token by token, in blocks of 16.</remarks>
    public static string ForModels(ImmutableArray<KvModelShape> models, int bytesPerValue)
    {
        var table = new StringBuilder("| Model | Layout | B/token, full | B/token, window |");
        foreach (int length in Lengths)
            table.Append(CultureInfo.InvariantCulture, $" MiB at {length} |");
        table.Append("\n|---|---|--:|--:|").Append(string.Concat(Enumerable.Repeat("--:|", Lengths.Length))).Append('\n');
        foreach (KvModelShape model in models)
        {
            AppendRow(table, model.Name, "ours", model.Groups(bytesPerValue));
            ImmutableArray<KvGroupSpec> apart = model.GroupsWithKeysApart(bytesPerValue);
            AppendRow(table, model.Name, "vLLM", apart);
            AppendRow(table, model.Name, "all kept", [.. apart.Select(g => g with { Window = null })]);
        }
        return table.ToString();
    }

    /// <summary>Lines about one resolved cache: bytes a token and a sequence, and how many tokens and sequences fit.</summary>
    /// <param name="plan">The cache.</param>
    /// <param name="maxContextLength">Tokens that a sequence may have.</param>
    public static string ForPlan(KvCachePlan plan, int maxContextLength)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"KV cache: {Mebibytes(plan.TotalBytes)} MiB in blocks of {plan.BlockSize} tokens\n");
        for (int g = 0; g < plan.Groups.Length; g++)
        {
            string kind = plan.Groups[g].Window is { } window ? $"window of {window}" : "all positions";
            text.Append(
                CultureInfo.InvariantCulture,
                $"  {kind}: {plan.Groups[g].BytesPerToken} bytes a token, {(long)plan.NumBlocks[g] * plan.BlockSize} tokens\n");
        }
        foreach (int length in Lengths.Where(l => l < maxContextLength).Append(maxContextLength))
        {
            long bytes = KvBudget.Cost(plan.Groups, length, 1, plan.BlockSize);
            text.Append(
                CultureInfo.InvariantCulture,
                $"  a sequence of {length} tokens: {Mebibytes(bytes)} MiB; {NumFitting(plan, length)} fit at once\n");
        }
        return text.ToString();
    }

    private static int NumFitting(KvCachePlan plan, int length)
    {
        int fitting = int.MaxValue;
        for (int g = 0; g < plan.Groups.Length; g++)
            fitting = Math.Min(fitting, plan.NumBlocks[g] / KvCachePlan.BlocksNeeded(plan.Groups[g], length, 1, plan.BlockSize));
        return fitting;
    }

    private static void AppendRow(StringBuilder table, string model, string layout, ImmutableArray<KvGroupSpec> groups)
    {
        long full = groups.Where(g => g.Window is null).Sum(g => g.BytesPerToken);
        long sliding = groups.Where(g => g.Window is not null).Sum(g => g.BytesPerToken);
        table.Append(CultureInfo.InvariantCulture, $"| {model} | {layout} | {full} | {sliding} |");
        foreach (int length in Lengths)
            table.Append(CultureInfo.InvariantCulture, $" {Mebibytes(KvBudget.Cost(groups, length, 1, BlockSize))} |");
        table.Append('\n');
    }

    private static string Mebibytes(long bytes) => (bytes / (1024.0 * 1024)).ToString("0.0", CultureInfo.InvariantCulture);
}
