namespace Gemma4.Engine.Tokenization;

/// <summary>What each token gives to decoded text, all in one array. Made when first asked for.</summary>
internal sealed class TokenByteTable
{
    private readonly byte[] _bytes;
    private readonly int[] _start;   // by id, one more than there are ids

    public TokenByteTable(Vocabulary vocabulary, DecoderPlan decoder)
    {
        _start = new int[vocabulary.Size + 1];
        using var bytes = new MemoryStream();
        for (int id = 0; id < vocabulary.Size; id++)
        {
            if (vocabulary.Contains(id))
                bytes.Write(decoder.Bytes(vocabulary.Text(id)));
            _start[id + 1] = checked((int)bytes.Length);
        }
        _bytes = bytes.ToArray();
    }

    public ReadOnlySpan<byte> this[int id] =>
        (uint)id < (uint)(_start.Length - 1) ? _bytes.AsSpan(_start[id].._start[id + 1]) : [];
}
