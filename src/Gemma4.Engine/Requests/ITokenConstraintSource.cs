namespace Gemma4.Engine.Requests;

/// <summary>Compiled once a request (or taken from a cache), it makes a fresh <see cref="ITokenConstraint"/> for each sequence.</summary>
public interface ITokenConstraintSource
{
    /// <summary>A constraint in its initial state. Called on the request's own task or the engine thread; must be thread-safe.</summary>
    ITokenConstraint Create();
}
