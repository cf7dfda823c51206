using System.Security.Cryptography;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels.Panels;
using Microsoft.Win32.SafeHandles;

namespace Gemma4.Engine.Loading.Repacked;

/// <summary>Writes the data of a file from its beginning to its end, and the hash of it all.</summary>
/// <remarks>A weight goes through memory some panels at a time, so a model needs no more of it than its largest tensor that has to be copied.</remarks>
internal sealed unsafe class RepackWriter : IDisposable
{
    private const int BufferBytes = 64 << 20;

    private readonly FileStream _file;
    private readonly CpuBackend _backend;
    private readonly CheckpointWeights _weights;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly CancellationToken _cancelled;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HostMemory _buffer = new(BufferBytes);
    private readonly long _total;
    private long _position;

    /// <param name="path">The file to make; there must be none.</param>
    /// <param name="total">Bytes that will be written, for the progress.</param>
    /// <param name="backend">Whose threads pack; borrowed.</param>
    /// <param name="weights">The weights that are packed; borrowed.</param>
    /// <param name="progress">Told after each tensor and each buffer.</param>
    /// <param name="cancelled">Ends the work between two buffers.</param>
    public RepackWriter(
        string path, long total, CpuBackend backend, CheckpointWeights weights, IProgress<LoadProgress>? progress, CancellationToken cancelled)
    {
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        (_total, _backend, _weights, _progress, _cancelled) = (total, backend, weights, progress, cancelled);
    }

    /// <summary>Writes bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        _cancelled.ThrowIfCancellationRequested();
        _hash.AppendData(bytes);
        _file.Write(bytes);
        _position += bytes.Length;
        _progress?.Report(new LoadProgress(_position, Math.Max(_total, _position)));
    }

    /// <summary>Writes zeros up to a place in the file.</summary>
    public void PadTo(long position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, _position);
        Span<byte> zeros = stackalloc byte[256];
        zeros.Clear();
        while (_position < position)
            Write(zeros[..(int)Math.Min(zeros.Length, position - _position)]);
    }

    /// <summary>Writes bytes of another file.</summary>
    /// <exception cref="CheckpointException">They are not there.</exception>
    public void Copy(FileSlice slice)
    {
        using SafeFileHandle source = File.OpenHandle(slice.File, options: FileOptions.SequentialScan);
        for (long done = 0; done < slice.Length;)
        {
            var bytes = new Span<byte>(_buffer.Data, (int)Math.Min(BufferBytes, slice.Length - done));
            int read = RandomAccess.Read(source, bytes, slice.Offset + done);
            if (read == 0)
                throw new CheckpointException(slice.File, $"ends before byte {slice.Offset + slice.Length}; did the file shrink?");
            Write(bytes[..read]);
            done += read;
        }
    }

    /// <summary>Writes a weight in panels.</summary>
    /// <exception cref="CheckpointException">It holds what is not a number.</exception>
    public void Pack(RepackedTensor tensor)
    {
        StoredWeight weight = _weights.Take(tensor.Source.Name, tensor.Shape.AsSpan());
        long panelBytes = PanelLayout.Of(tensor.Format).PanelBytes(weight.Columns);
        int rowsAtOnce = PanelLayout.Rows * checked((int)Math.Max(1, BufferBytes / panelBytes));
        if (panelBytes > BufferBytes)
            throw new CheckpointException(tensor.Source.Slices[0].File, $"tensor {tensor.Name}: rows of {weight.Columns} numbers are too long to be repacked");
        for (int first = 0; first < weight.Rows; first += rowsAtOnce)
        {
            StoredWeight some = weight.Slice(first, Math.Min(rowsAtOnce, weight.Rows - first));
            PanelMatrix panels = PanelMatrix.Over(tensor.Format, some.Rows, some.Columns, _buffer.Data);
            _backend.Team.Run(panels.NumPanels, new PanelPacking(some, panels));
            Write(new ReadOnlySpan<byte>(_buffer.Data, checked((int)panels.Bytes)));
        }
        _weights.ReleaseCopies();
    }

    /// <summary>Brings everything to the disk.</summary>
    /// <returns>The file's SHA-256, in lower-case hexadecimal.</returns>
    public string Complete()
    {
        _file.Flush(flushToDisk: true);
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        _buffer.Dispose();
    }
}
