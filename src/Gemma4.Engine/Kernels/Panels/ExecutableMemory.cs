using System.Runtime.InteropServices;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Machine code that was written here: memory that is first writable, then executable, never both.</summary>
internal sealed unsafe partial class ExecutableMemory : IDisposable
{
    private const int ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22;

    private readonly nuint _length;
    private bool _disposed;

    private ExecutableMemory(byte* address, nuint length)
    {
        Address = address;
        _length = length;
    }

    /// <summary>The first byte, at the beginning of a page.</summary>
    public byte* Address { get; }

    /// <summary>Publishes code; null where the system forbids it, as hardened ones do, or is not Linux.</summary>
    public static ExecutableMemory? TryPublish(ReadOnlySpan<byte> code)
    {
        if (!OperatingSystem.IsLinux() || code.IsEmpty)
            return null;
        nuint page = (nuint)Environment.SystemPageSize, length = ((nuint)code.Length + page - 1) / page * page;
        void* memory = Map(null, length, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)memory == -1)
            return null;
        code.CopyTo(new Span<byte>(memory, code.Length));
        if (Protect(memory, length, ReadExecute) == 0)
            return new((byte*)memory, length);
        _ = Unmap(memory, length);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _ = Unmap(Address, _length);
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);
}
