using System.Runtime.InteropServices;

namespace Gemma4.Testing;

/// <summary>Memory between two pages that must not be touched: a read or write beyond either end kills the test run.</summary>
/// <remarks>Only on Linux; elsewhere the ends are not guarded.</remarks>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int Read = 1, Write = 2, PrivateAnonymous = 0x22;

    private readonly byte* _pages;
    private readonly nuint _length;
    private readonly nuint _page = (nuint)Environment.SystemPageSize;

    /// <summary>Makes room for <paramref name="bytes"/>.</summary>
    public GuardedMemory(int bytes)
    {
        nuint inner = ((nuint)bytes + _page - 1) / _page * _page;
        _length = inner + 2 * _page;
        if (!OperatingSystem.IsLinux())
        {
            _pages = (byte*)NativeMemory.AllocZeroed(_length);
            return;
        }
        _pages = (byte*)Map(null, _length, 0, PrivateAnonymous, -1, 0);
        if ((nint)_pages == -1 || Protect(_pages + _page, inner, Read | Write) != 0)
            throw new InvalidOperationException($"no guarded memory: error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>The first <paramref name="length"/> elements; the byte before them is guarded.</summary>
    public Span<T> AtStart<T>(int length) where T : unmanaged => new(_pages + _page, length);

    /// <summary>The last <paramref name="length"/> elements; the byte after them is guarded.</summary>
    public Span<T> AtEnd<T>(int length) where T : unmanaged => new(_pages + _length - _page - (nuint)length * (nuint)sizeof(T), length);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
            _ = Unmap(_pages, _length);
        else
            NativeMemory.Free(_pages);
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);
}
