using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Gemma4.Engine.Configuration;
using Microsoft.Win32.SafeHandles;

namespace Gemma4.Engine.Loading;

/// <summary>A file mapped read-only: its bytes are the page cache's, and no copy of ours.</summary>
internal sealed unsafe partial class MappedFile : IDisposable
{
    private const int DontNeed = 4;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private bool _disposed;

    public MappedFile(string path)
    {
        Path = path;
        try
        {
            // Of the open file: a link, as in the cache of Hugging Face, has a length of its own.
            using (SafeFileHandle file = File.OpenHandle(path))
                Length = RandomAccess.GetLength(file);
            _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, 0, MemoryMappedFileAccess.Read);
            _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CheckpointException(path, $"cannot be mapped: {e.Message}", e);
        }
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>Address of a byte; valid until disposal.</summary>
    public byte* At(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)offset, (ulong)Length);
        return _start + offset;
    }

    /// <summary>Takes whole pages of a stretch out of this process: they stay in the page cache for as long as the system likes, and come back when they are read.</summary>
    public void LetGo(long offset, long length)
    {
        if (!OperatingSystem.IsLinux())
            return;
        nint page = Environment.SystemPageSize, first = ((nint)At(offset) + page - 1) / page * page, end = (nint)At(offset + length) / page * page;
        if (end > first)
            _ = Advise((void*)first, (nuint)(end - first), DontNeed);      // a wish: pages that stay cost memory and nothing else
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(void* address, nuint length, int advice);
}
