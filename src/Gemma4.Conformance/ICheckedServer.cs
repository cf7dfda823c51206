namespace Gemma4.Conformance;

/// <summary>A server that cases are run against. Disposing it stops it.</summary>
internal interface ICheckedServer : IAsyncDisposable
{
    /// <summary>Where it listens.</summary>
    Uri Address { get; }

    /// <summary>The served model's id.</summary>
    string Model { get; }

    /// <summary>Why it cannot serve; null when it does.</summary>
    string? Failure { get; }
}
