namespace Gemma4.Engine.StructuredOutput.Vocabulary;

/// <summary>Tokens as a trie over their bytes, flattened: nodes in depth-first order, each with the index after its subtree.</summary>
internal sealed class TokenTrie
{
    private readonly byte[] _bytes;
    private readonly byte[] _depths;
    private readonly int[] _ends;
    private readonly int[] _firstTokens;
    private readonly int[] _tokens;

    /// <param name="tokens">Ids with their bytes; no empty ones, none longer than 255 bytes.</param>
    public TokenTrie(IEnumerable<(int Id, byte[] Bytes)> tokens)
    {
        (int Id, byte[] Bytes)[] sorted = [.. tokens];
        Array.Sort(sorted, static (a, b) =>
        {
            int order = a.Bytes.AsSpan().SequenceCompareTo(b.Bytes);
            return order != 0 ? order : a.Id.CompareTo(b.Id);
        });
        List<byte> bytes = [];
        List<byte> depths = [];
        List<int> firstTokens = [];
        _tokens = new int[sorted.Length];
        byte[] previous = [];
        for (int t = 0; t < sorted.Length; t++)
        {
            byte[] text = sorted[t].Bytes;
            for (int depth = previous.AsSpan().CommonPrefixLength(text); depth < text.Length; depth++)
            {
                bytes.Add(text[depth]);
                depths.Add((byte)(depth + 1));
                firstTokens.Add(t);
            }
            _tokens[t] = sorted[t].Id;
            previous = text;
        }
        _bytes = [.. bytes];
        _depths = [.. depths];
        firstTokens.Add(sorted.Length);
        _firstTokens = [.. firstTokens];
        _ends = FindEnds(_depths);
    }

    public int NumNodes => _bytes.Length;

    /// <summary>By node: the byte that leads to it.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>By node: how many bytes lead to it.</summary>
    public ReadOnlySpan<byte> Depths => _depths;

    /// <summary>By node: the index after its subtree.</summary>
    public ReadOnlySpan<int> Ends => _ends;

    /// <summary>By node, and one more: how many tokens end before it in this order. Those from <c>FirstTokens[n]</c> to before
    /// <c>FirstTokens[Ends[n]]</c> lie in its subtree, those to before <c>FirstTokens[n + 1]</c> end at the node itself.</summary>
    public ReadOnlySpan<int> FirstTokens => _firstTokens;

    /// <summary>Token ids in order of their bytes.</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    private static int[] FindEnds(byte[] depths)
    {
        int[] ends = new int[depths.Length];
        Span<int> open = stackalloc int[257];
        int top = 0;
        for (int i = 0; i < depths.Length; i++)
        {
            while (top >= depths[i])
                ends[open[top--]] = i;
            open[++top] = i;
        }
        while (top > 0)
            ends[open[top--]] = depths.Length;
        return ends;
    }
}
