namespace Gemma4.LoadTest.Soak;

/// <summary>Reads what an API answers, and whether it is whole.</summary>
internal interface IAnswerReader
{
    /// <summary>What an answer in one piece says: text, calls and why it ended.</summary>
    /// <exception cref="InvalidDataException">It is not valid.</exception>
    string Whole(string body);

    /// <summary>What an answer in pieces says; the same as in one piece.</summary>
    /// <param name="pieces">JSON of the events, or what else stood there, in order.</param>
    /// <exception cref="InvalidDataException">It is not valid, or ends early.</exception>
    /// <exception cref="ErrorFrameException">It ends with an error.</exception>
    string Pieces(IReadOnlyList<string> pieces);
}

/// <summary>An answer that had begun ended with an error that says why.</summary>
internal sealed class ErrorFrameException(string message) : Exception(message);
