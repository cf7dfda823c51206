using System.Text;
using Gemma4.Engine.Loading.Gguf;

namespace Gemma4.Engine.Tests.Loading.Gguf;

/// <summary>Writes GGUF files, right ones and wrong ones.</summary>
internal sealed class GgufBuilder
{
    private readonly List<(string Key, byte[] Value)> _keys = [];
    private byte[] _rawKeys = [];
    private ulong _numRawKeys;
    private readonly List<(string Name, ulong[] Dimensions, uint Type, ulong? Offset, byte[] Data)> _tensors = [];

    public uint Version { get; set; } = 3;

    public int Alignment { get; set; } = 32;

    public ulong? NumTensors { get; set; }

    public ulong? NumKeys { get; set; }

    public GgufBuilder Key(string key, string value) => Raw(key, GgufType.String, w => Text(w, value));

    public GgufBuilder Key(string key, uint value) => Raw(key, GgufType.UInt32, w => w.Write(value));

    public GgufBuilder Key(string key, ushort value) => Raw(key, GgufType.UInt16, w => w.Write(value));

    public GgufBuilder Key(string key, float value) => Raw(key, GgufType.Float32, w => w.Write(value));

    public GgufBuilder Key(string key, bool value) => Raw(key, GgufType.Bool, w => w.Write(value));

    /// <summary>A key with a value of any bytes.</summary>
    public GgufBuilder Raw(string key, GgufType type, Action<BinaryWriter> value)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write((uint)type);
        value(writer);
        writer.Flush();
        _keys.Add((key, bytes.ToArray()));
        return this;
    }

    /// <summary>Keys and values as another file has them.</summary>
    public GgufBuilder RawKeys(byte[] bytes, ulong count)
    {
        (_rawKeys, _numRawKeys) = (bytes, count);
        return this;
    }

    /// <summary>A tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="dimensions">In the file's order, innermost first.</param>
    /// <param name="type">A number of ggml_type.</param>
    /// <param name="data">Its bytes.</param>
    /// <param name="offset">Where the header says it lies; null says the truth.</param>
    public GgufBuilder Tensor(string name, ulong[] dimensions, uint type, byte[] data, ulong? offset = null)
    {
        _tensors.Add((name, dimensions, type, offset, data));
        return this;
    }

    public byte[] Build()
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(NumTensors ?? (ulong)_tensors.Count);
        writer.Write(NumKeys ?? (ulong)_keys.Count + _numRawKeys);
        writer.Write(_rawKeys);
        foreach ((string key, byte[] value) in _keys)
        {
            Text(writer, key);
            writer.Write(value);
        }
        ulong next = 0;
        foreach ((string name, ulong[] dimensions, uint type, ulong? offset, byte[] data) in _tensors)
        {
            Text(writer, name);
            writer.Write((uint)dimensions.Length);
            foreach (ulong dimension in dimensions)
                writer.Write(dimension);
            writer.Write(type);
            writer.Write(offset ?? next);
            next += (ulong)Padded(data.Length);
        }
        foreach ((_, _, _, _, byte[] data) in _tensors)
        {
            writer.Write(new byte[Padded((int)file.Position) - (int)file.Position]);
            writer.Write(data);
        }
        writer.Flush();
        return file.ToArray();
    }

    public static void Text(BinaryWriter writer, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)utf8.Length);
        writer.Write(utf8);
    }

    private int Padded(int length) => (length + Alignment - 1) / Alignment * Alignment;
}
