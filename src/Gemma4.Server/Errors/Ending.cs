namespace Gemma4.Server.Errors;

/// <summary>How a request ended other than by an answer; the line that is logged of it says so.</summary>
/// <param name="Words">In words.</param>
/// <param name="IsFault">Whether the server is at fault.</param>
internal sealed record Ending(string Words, bool IsFault)
{
    /// <summary>The client closed the connection before it had its answer.</summary>
    public static Ending ClientLeft { get; } = new("the client left", IsFault: false);

    /// <summary>The answer had begun and was cut, so that the connection is closed without the end of the body.</summary>
    public static Ending Cut(string reason, bool isFault) => new($"cut: {reason}", isFault) { IsCut = true };

    /// <summary>Whether the client must see the connection break.</summary>
    public bool IsCut { get; private init; }
}
