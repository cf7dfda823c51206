namespace Gemma4.Server.Hub;

/// <summary>A lock between processes: whoever holds the file open alone.</summary>
/// <remarks>.NET asks for <c>flock</c> on Unix where a file is shared with nobody, which is what Python's filelock asks for too. The file stays: to delete
/// it would let two in, one by the old file and one by the new.</remarks>
internal static class FileLock
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until nobody else holds it.</summary>
    /// <param name="path">The lock's file; its folder exists.</param>
    /// <param name="waits">Called once where somebody does.</param>
    /// <param name="time">Measures the wait between two tries.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The lock; disposing it releases it.</returns>
    public static async Task<IDisposable> AcquireAsync(string path, Action waits, TimeProvider time, CancellationToken cancellationToken)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (IsHeld(exception))
            {
                if (isFirst)
                    waits();
            }
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>EWOULDBLOCK of Linux and of macOS; on Windows a sharing or lock violation.</summary>
    private static bool IsHeld(IOException exception) => (exception.HResult & 0xffff) is 11 or 35 or 32 or 33;
}
