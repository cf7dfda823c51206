using System.Buffers.Binary;
using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>Token strings in UTF-8, end to end in one array, with a hash table from string to id.</summary>
internal sealed class Vocabulary
{
    /// <summary>Ids are small in every published file; a bound keeps a broken one from asking for gigabytes.</summary>
    public const int MaxId = (1 << 24) - 1;

    /// <summary>Which part of the file names a token.</summary>
    internal enum Origin : byte
    {
        None,
        Model,
        AddedTokens,
    }

    private byte[] _bytes;
    private int _used;
    private Place[] _places;       // by id
    private int[] _slots;          // id + 1, 0 is empty; a power of two at most two thirds full
    private int _count;

    public Vocabulary()
    {
        const int initial = 1024;
        (_bytes, _places, _slots) = (new byte[8 * initial], new Place[initial], new int[2 * initial]);
    }

    /// <summary>The highest id plus one.</summary>
    public int Size { get; private set; }

    public bool Contains(int id) => (uint)id < (uint)Size && _places[id].Origin != Origin.None;

    /// <summary>The token's string; empty where the id has no token.</summary>
    public ReadOnlySpan<byte> this[int id] => (uint)id < (uint)Size ? _bytes.AsSpan(_places[id].Start, _places[id].Length) : [];

    public string Text(int id) => Encoding.UTF8.GetString(this[id]);

    /// <summary>The id of a token's string, or -1.</summary>
    public int Find(ReadOnlySpan<byte> token)
    {
        uint mask = (uint)_slots.Length - 1;
        for (uint slot = Hash(token) & mask; ; slot = (slot + 1) & mask)
        {
            int id = _slots[slot] - 1;
            if (id < 0 || token.SequenceEqual(_bytes.AsSpan(_places[id].Start, _places[id].Length)))
                return id;
        }
    }

    /// <summary>As <see cref="Find(ReadOnlySpan{byte})"/>, among the tokens that text may become by itself: not those that only
    /// <c>added_tokens</c> names.</summary>
    public int FindInModel(ReadOnlySpan<byte> token) => Find(token) is var id and >= 0 && _places[id].Origin == Origin.Model ? id : -1;

    /// <summary>Adds a token.</summary>
    /// <returns>Null, or why it cannot be added.</returns>
    public string? Add(ReadOnlySpan<byte> token, int id, Origin origin = Origin.Model)
    {
        if (id is < 0 or > MaxId)
            return $"the id {id} is outside 0..{MaxId}";
        if (Contains(id))
            return $"the id {id} also belongs to '{Text(id)}'";
        int present = Find(token);
        if (present >= 0)
            return $"the token has the id {present} already";
        Store(token, id, origin);
        if ((_count + 1) * 3L > _slots.Length * 2L)
            Rehash();
        Insert(token, id);
        _count++;
        return null;
    }

    /// <summary>Gives back what growing has left over.</summary>
    public void Trim()
    {
        Array.Resize(ref _bytes, _used);
        Array.Resize(ref _places, Size);
    }

    private void Store(ReadOnlySpan<byte> token, int id, Origin origin)
    {
        if (id >= _places.Length)
            Array.Resize(ref _places, Math.Max(id + 1, _places.Length * 2));
        if (_used + token.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_used + token.Length, _bytes.Length * 2));
        token.CopyTo(_bytes.AsSpan(_used));
        _places[id] = new Place(_used, token.Length, origin);
        _used += token.Length;
        Size = Math.Max(Size, id + 1);
    }

    private void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        for (int id = 0; id < Size; id++)
        {
            if (Contains(id))
                Insert(this[id], id);
        }
    }

    private void Insert(ReadOnlySpan<byte> token, int id)
    {
        uint mask = (uint)_slots.Length - 1;
        uint slot = Hash(token) & mask;
        while (_slots[slot] != 0 && _slots[slot] != id + 1)
            slot = (slot + 1) & mask;
        _slots[slot] = id + 1;
    }

    /// <summary>Where a token's bytes are. The default is no token.</summary>
    private readonly record struct Place(int Start, int Length, Origin Origin);

    /// <summary>Eight bytes at a time, multiplied and folded; good enough for words and stable from run to run.</summary>
    private static uint Hash(ReadOnlySpan<byte> bytes)
    {
        const ulong factor = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)bytes.Length * factor;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes), factor);
        ulong tail = 0;
        for (int i = 0; i < bytes.Length; i++)
            tail |= (ulong)bytes[i] << (8 * i);
        return (uint)Fold(hash ^ tail, factor);

        static ulong Fold(ulong a, ulong b)
        {
            ulong high = Math.BigMul(a, b, out ulong low);
            return high ^ low;
        }
    }
}
