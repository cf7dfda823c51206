using System.Collections.Immutable;
using System.Numerics;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Loading.Repacked;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>The header of one file, read and checked; no tensor data is touched.</summary>
/// <remarks>
/// Format (ggml/docs/gguf.md): magic, version, number of tensors, number of keys; keys and values; names, dimensions, types and offsets of tensors;
/// padding to <c>general.alignment</c>; data. All little-endian. Versions 2 and 3 are laid out alike.
/// </remarks>
internal sealed class GgufHeader
{
    /// <summary>What a file begins with: "GGUF".</summary>
    public const uint Magic = 0x46554747;

    /// <summary>The key that says what offsets are multiples of.</summary>
    public const string AlignmentKey = "general.alignment";

    private const int MaxKeys = 1 << 16, MaxKeyBytes = (1 << 16) - 1, MaxArray = 1 << 24, MaxStringBytes = 16 << 20;
    private const int MaxTensors = 1 << 16, MaxTensorNameBytes = 256, MaxDimensions = 4;
    private const int DefaultAlignment = 32, MaxAlignment = 1 << 20;

    private GgufHeader(GgufMetadata metadata, ImmutableArray<GgufTensor> tensors) => (Metadata, Tensors) = (metadata, tensors);

    /// <summary>Keys and values.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors, in the header's order.</summary>
    public ImmutableArray<GgufTensor> Tensors { get; }

    /// <summary>Reads a file's header.</summary>
    /// <exception cref="CheckpointException">The file is missing, cut off or malformed, or says what is not supported; names key or tensor.</exception>
    public static GgufHeader Read(string file)
    {
        if (!File.Exists(file))
            throw new CheckpointException(file, "the file does not exist");
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            return Read(file, stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(file, $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What offsets of tensors are multiples of: a power of two.</summary>
    public static int AlignmentOf(GgufMetadata metadata)
    {
        int alignment = metadata.OptionalInt(AlignmentKey, 1, MaxAlignment) ?? DefaultAlignment;
        return BitOperations.IsPow2(alignment) ? alignment : throw metadata.Refuse(AlignmentKey, $"expected a power of two, found {alignment}");
    }

    /// <summary>Reads the header of an open file.</summary>
    /// <param name="file">Named in errors and tensors.</param>
    /// <param name="stream">At its beginning; seekable.</param>
    public static GgufHeader Read(string file, Stream stream)
    {
        var cursor = new GgufCursor(file, stream);
        CheckVersion(cursor);
        int numTensors = cursor.Count(minBytes: 24, MaxTensors, "tensors");
        int numKeys = cursor.Count(minBytes: 13, MaxKeys, "keys");
        var values = new Dictionary<string, GgufValue>(StringComparer.Ordinal);
        for (int i = 0; i < numKeys; i++)
        {
            cursor.Place = $"key {i}";
            string key = cursor.Name(MaxKeyBytes);
            cursor.Place = $"key {key}";
            if (!values.TryAdd(key, ReadValue(cursor)))
                throw cursor.Refuse("stands there twice");
        }
        var metadata = new GgufMetadata(file, values);
        int alignment = AlignmentOf(metadata);
        var tensors = new List<GgufTensor>(numTensors);
        for (int i = 0; i < numTensors; i++)
        {
            cursor.Place = $"tensor {i}";
            tensors.Add(ReadTensor(cursor, file, alignment));
        }
        long dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        return new GgufHeader(metadata, Place(file, tensors, dataStart, cursor.Length));
    }

    private static void CheckVersion(GgufCursor cursor)
    {
        if (cursor.Length < 24)
            throw cursor.Refuse($"found {cursor.Length} bytes, too few for a GGUF header");
        if (cursor.UInt32() is not Magic)
            throw cursor.Refuse("not a GGUF file: it does not begin with \"GGUF\"");
        uint version = cursor.UInt32();
        if (version is 2 or 3)
            return;
        throw cursor.Refuse(version is 0x02000000 or 0x03000000
            ? "the file is big-endian; only little-endian files are read"
            : $"found version {version}; versions 2 and 3 are read");
    }

    private static GgufValue ReadValue(GgufCursor cursor)
    {
        GgufType type = (GgufType)cursor.UInt32();
        bool isArray = type == GgufType.Array;
        if (isArray)
            type = (GgufType)cursor.UInt32();
        if (type == GgufType.String)
            return ReadStrings(cursor, isArray);
        if (type == GgufType.Array)
            throw cursor.Refuse("arrays of arrays are not read");      // nor by ggml
        int size = type.FixedBytes ?? throw cursor.Refuse($"found a value of type {(uint)type}, which is none");
        int count = isArray ? cursor.Count(size, MaxArray, "values") : 1;
        return GgufValue.OfNumbers(type, isArray, cursor.Bytes((long)count * size));
    }

    private static GgufValue ReadStrings(GgufCursor cursor, bool isArray)
    {
        if (!isArray)
        {
            byte[] text = cursor.String(MaxStringBytes);
            return GgufValue.OfStrings(isArray, text, [text.Length]);
        }
        var ends = new int[cursor.Count(minBytes: sizeof(ulong), MaxArray, "strings")];
        using var bytes = new MemoryStream();
        for (int i = 0; i < ends.Length; i++)
            ends[i] = cursor.AppendString(bytes, MaxStringBytes);
        return GgufValue.OfStrings(isArray, bytes.ToArray(), ends);
    }

    /// <summary>A tensor whose offset still counts from the start of the data.</summary>
    private static GgufTensor ReadTensor(GgufCursor cursor, string file, int alignment)
    {
        string name = cursor.Name(MaxTensorNameBytes);
        cursor.Place = $"tensor {name}";
        uint rank = cursor.UInt32();
        if (rank > MaxDimensions)
            throw cursor.Refuse($"found {rank} dimensions; at most {MaxDimensions} are read");
        var shape = new long[rank];
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong dimension = cursor.UInt64();
            shape[i] = dimension is > 0 and <= long.MaxValue ? (long)dimension : throw cursor.Refuse($"a dimension of {dimension} is not possible");
        }
        uint type = cursor.UInt32();
        ulong offset = cursor.UInt64();
        bool inPanels = false;
        if (!GgmlType.TryGet(type, out WeightFormat format))
        {
            inPanels = GgmlType.TryGetPanels(type, out int version, out format);
            if (!inPanels)
                throw cursor.Refuse($"its type {GgmlType.NameOf(type)} is not read; {GgmlType.Supported} are");
            if (PanelSlice.Problem(version) is { } stale)
                throw cursor.Refuse(stale);
        }
        long width = rank == 0 ? 1 : shape[^1];
        if (width % format.BlockLength != 0)
            throw cursor.Refuse($"rows of {width} are no whole blocks of {format} ({format.BlockLength})");
        Int128 bytes = (Int128)(width / format.BlockLength) * format.BlockBytes;
        for (int i = 0; i < shape.Length - 1; i++)
        {
            if ((bytes *= shape[i]) > long.MaxValue)
                throw cursor.Refuse($"shape {StoredTensor.Show(shape)} is not possible");
        }
        if (inPanels)
            bytes = PanelSlice.BytesOf(format, shape) ?? throw cursor.Refuse($"shape {StoredTensor.Show(shape)} is not possible for panels");
        if (bytes > cursor.Length)
            throw cursor.Refuse($"shape {StoredTensor.Show(shape)} of {format} needs {bytes} bytes, and the whole file has {cursor.Length}: it is cut off");
        if (offset > long.MaxValue || (long)offset % alignment != 0)
            throw cursor.Refuse($"its offset {offset} is not a multiple of {alignment} ({AlignmentKey})");
        return new GgufTensor(file, name, format, [.. shape], (long)offset, (long)bytes, inPanels);
    }

    /// <summary>Turns offsets in the data into offsets in the file, and refuses tensors that leave the file, overlap or share a name.</summary>
    private static ImmutableArray<GgufTensor> Place(string file, List<GgufTensor> tensors, long dataStart, long fileLength)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var placed = ImmutableArray.CreateBuilder<GgufTensor>(tensors.Count);
        foreach (GgufTensor tensor in tensors)
        {
            if (!names.Add(tensor.Name))
                throw new CheckpointException(file, $"tensor {tensor.Name}: stands there twice");
            if (tensor.Offset > fileLength - dataStart - tensor.Length)
            {
                throw new CheckpointException(file, $"tensor {tensor.Name}: its {tensor.Length} bytes from {tensor.Offset} on lie outside the file's "
                    + $"{Math.Max(0, fileLength - dataStart)} bytes of data: the file is cut off");
            }
            if (tensor.InPanels && !PanelSlice.CanHold(tensor.Shape.AsSpan()))
                throw new CheckpointException(file, $"tensor {tensor.Name}: {StoredTensor.Show(tensor.Shape.AsSpan())} cannot lie in panels");
            if (tensor.InPanels && !PanelSlice.IsAligned(dataStart + tensor.Offset))
                throw new CheckpointException(file, $"tensor {tensor.Name}: its panels begin at {dataStart + tensor.Offset}, which is not a multiple of {PanelSlice.Alignment}");
            placed.Add(tensor with { Offset = dataStart + tensor.Offset });
        }
        GgufTensor? previous = null;
        foreach (GgufTensor tensor in placed.OrderBy(t => t.Offset))
        {
            if (previous is not null && tensor.Offset < previous.Offset + previous.Length)
                throw new CheckpointException(file, $"tensors {previous.Name} and {tensor.Name} overlap");
            previous = tensor;
        }
        return placed.MoveToImmutable();
    }
}
