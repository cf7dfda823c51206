namespace Gemma4.Server.Hub;

/// <summary>Is told how a download goes. Called from several threads at once.</summary>
internal interface IDownloadProgress
{
    /// <summary>A download begins.</summary>
    /// <param name="what">The model.</param>
    /// <param name="totalBytes">All its bytes.</param>
    /// <param name="presentBytes">Those of them that are here already.</param>
    void Begin(string what, long totalBytes, long presentBytes);

    /// <summary>Bytes have arrived; less than none where some have to be fetched again.</summary>
    void Advance(long bytes);

    /// <summary>Something that a person who waits wants to know: a retry, a wait, a check.</summary>
    void Note(string text);

    /// <summary>It has ended, well or not.</summary>
    void End();
}
