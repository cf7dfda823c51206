using System.Buffers.Binary;
using Gemma4.Engine.Loading.Gguf;

namespace Gemma4.Engine.Tests.Loading.Gguf;

/// <summary>Splits a GGUF file as llama.cpp's gguf-split does: keys in the first file, tensors over all.</summary>
internal static class GgufSplitter
{
    /// <summary>Writes the files and returns the path of the first.</summary>
    public static string Split(string path, string folder, int count)
    {
        byte[] file = File.ReadAllBytes(path);
        GgufHeader header = GgufHeader.Read(path, new MemoryStream(file));
        (byte[] keys, ulong numKeys) = Keys(file);
        for (int i = 0; i < count; i++)
        {
            var builder = new GgufBuilder();
            if (i == 0)
                builder.RawKeys(keys, numKeys);
            builder.Key("split.no", (ushort)i).Key("split.count", (ushort)count).Key("split.tensors.count", (uint)header.Tensors.Length);
            for (int t = i; t < header.Tensors.Length; t += count)
            {
                GgufTensor tensor = header.Tensors[t];
                builder.Tensor(tensor.Name, [.. tensor.Shape.Reverse().Select(d => (ulong)d)], TypeOf(file, tensor.Name), file[(int)tensor.Offset..(int)(tensor.Offset + tensor.Length)]);
            }
            File.WriteAllBytes(PathOf(i), builder.Build());
        }
        return PathOf(0);

        string PathOf(int index) => Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(path)}-{index + 1:00000}-of-{count:00000}.gguf");
    }

    private static (byte[] Keys, ulong Count) Keys(byte[] file)
    {
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(16));
        int at = 24;
        for (ulong i = 0; i < count; i++)
        {
            at += 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            var type = (GgufType)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));
            at += 4;
            long values = 1;
            if (type == GgufType.Array)
            {
                type = (GgufType)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));
                values = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at + 4));
                at += 12;
            }
            for (long v = 0; v < values; v++)
                at += type.FixedBytes ?? 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
        }
        return (file[24..at], count);
    }

    /// <summary>The number behind a tensor's name and dimensions.</summary>
    private static uint TypeOf(byte[] file, string name)
    {
        byte[] mark = [.. BitConverter.GetBytes((ulong)name.Length), .. System.Text.Encoding.UTF8.GetBytes(name)];
        int at = file.AsSpan().IndexOf(mark) + mark.Length;
        return BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 4 + 8 * (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at))));
    }
}
