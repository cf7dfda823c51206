namespace Gemma4.Engine.Scheduling;

/// <summary>Guesses a sequence's next tokens, which a step then verifies all at once. A right guess spares a step, a wrong one costs a row.</summary>
/// <remarks>Guesses change how many steps a sequence takes, and none of its tokens. Called on the engine's thread while a step is planned, which
/// every sequence waits for: a drafter that needs a model computes with the runner's steps and answers from what it has. The same sequence
/// must get the same guesses.</remarks>
internal interface IDrafter
{
    /// <summary>Guesses the tokens behind the last of <see cref="Sequence.TokenIds"/>.</summary>
    /// <param name="sequence">Awaits its next token. Not modified.</param>
    /// <param name="tokenIds">Receives guesses, the next token first; its length is how many can be verified, at least 1.</param>
    /// <returns>How many it wrote; 0 where it has no idea.</returns>
    int Draft(Sequence sequence, Span<int> tokenIds);
}
