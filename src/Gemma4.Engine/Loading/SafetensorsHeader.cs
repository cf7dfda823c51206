using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading;

/// <summary>Reads and checks the header of a safetensors file; no tensor data is touched.</summary>
/// <remarks>Format: 8 bytes little-endian header length, a JSON object name → dtype, shape, data_offsets, then the data.</remarks>
internal static class SafetensorsHeader
{
    /// <summary>The format's own limit; a larger length means that the file is something else.</summary>
    private const long MaxHeaderBytes = 100_000_000;

    /// <exception cref="CheckpointException">The file is missing, truncated or malformed; names the tensor at fault.</exception>
    public static IReadOnlyList<StoredTensor> Read(string file)
    {
        if (!File.Exists(file))
            throw new CheckpointException(file, "the file does not exist");
        (byte[] header, long fileLength) = ReadHeader(file);
        using JsonDocument document = CheckpointJson.Parse(file, header, "its header is ");
        return Check(file, Parse(file, document.RootElement, sizeof(ulong) + header.Length, fileLength));
    }

    private static (byte[] Header, long FileLength) ReadHeader(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            Span<byte> prefix = stackalloc byte[sizeof(ulong)];
            if (stream.Length < prefix.Length)
                throw new CheckpointException(file, $"found {stream.Length} bytes, too few for a safetensors header");
            stream.ReadExactly(prefix);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (length > MaxHeaderBytes || (long)length > stream.Length - prefix.Length)
                throw new CheckpointException(file, $"its header claims {length} bytes, but the file has {stream.Length}: truncated, or not safetensors");
            var header = new byte[length];
            stream.ReadExactly(header);
            return (header, stream.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(file, $"cannot be read: {e.Message}", e);
        }
    }

    private static List<StoredTensor> Parse(string file, JsonElement root, long dataStart, long fileLength)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new CheckpointException(file, $"its header is not a JSON object but {root.ValueKind}");
        var tensors = new List<StoredTensor>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in root.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
                continue;
            if (!seen.Add(entry.Name))
                throw new CheckpointException(file, $"tensor {entry.Name} is listed twice");
            tensors.Add(ParseTensor(file, entry.Name, entry.Value, dataStart, fileLength));
        }
        return tensors;
    }

    private static StoredTensor ParseTensor(string file, string name, JsonElement entry, long dataStart, long fileLength)
    {
        if (entry.ValueKind != JsonValueKind.Object
            || !entry.TryGetProperty("dtype", out JsonElement dtype) || dtype.ValueKind != JsonValueKind.String
            || !TryGetLongs(entry, "shape", out ImmutableArray<long> shape)
            || !TryGetLongs(entry, "data_offsets", out ImmutableArray<long> offsets) || offsets.Length != 2)
            throw new CheckpointException(file, $"tensor {name}: expected dtype, shape and two data_offsets, found {entry.GetRawText()}");
        if (!Enum.TryParse(dtype.GetString(), out StoredDtype type) || type.ToString() != dtype.GetString())
            throw new CheckpointException(file, $"tensor {name}: dtype {dtype.GetString()} is not supported");
        Int128 bytes = type.Bytes;
        foreach (long dimension in shape)
        {
            if (dimension < 0 || (bytes *= dimension) > long.MaxValue)
                throw new CheckpointException(file, $"tensor {name}: shape {StoredTensor.Show(shape.AsSpan())} is not possible");
        }
        long begin = offsets[0], end = offsets[1];
        if (begin < 0 || end < begin || end > fileLength - dataStart)
            throw new CheckpointException(file, $"tensor {name}: data_offsets [{begin}, {end}] lie outside the file's {fileLength - dataStart} bytes of data");
        if (end - begin != (long)bytes)
            throw new CheckpointException(file, $"tensor {name}: shape {StoredTensor.Show(shape.AsSpan())} of {dtype.GetString()} needs {bytes} bytes, found {end - begin}");
        return new StoredTensor(file, name, type, shape, dataStart + begin, end - begin);
    }

    private static List<StoredTensor> Check(string file, List<StoredTensor> tensors)
    {
        StoredTensor? previous = null;
        foreach (StoredTensor tensor in tensors.Where(t => t.Length > 0).OrderBy(t => t.Offset))
        {
            if (previous is not null && tensor.Offset < previous.Offset + previous.Length)
                throw new CheckpointException(file, $"tensors {previous.Name} and {tensor.Name} overlap");
            previous = tensor;
        }
        return tensors;
    }

    private static bool TryGetLongs(JsonElement entry, string key, out ImmutableArray<long> values)
    {
        values = [];
        if (!entry.TryGetProperty(key, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            return false;
        var builder = ImmutableArray.CreateBuilder<long>();
        foreach (JsonElement element in list.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out long value))
                return false;
            builder.Add(value);
        }
        values = builder.ToImmutable();
        return true;
    }
}
