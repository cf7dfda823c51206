using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>Refuses a request whose own fields forbid every token that its <c>allowed_token_ids</c> allow: no first token could be chosen.</summary>
/// <remarks>What comes to a dead end only later (a schema, a bad word of several tokens) ends the sequence with an error there.</remarks>
internal static class AllowedTokenRules
{
    private const string Param = "allowed_token_ids";

    /// <exception cref="ApiException">None of them is left.</exception>
    public static void Check(GenerationRequest request)
    {
        SamplingParams sampling = request.Sampling;
        if (sampling.AllowedTokenIds.IsEmpty)
            return;
        var left = new HashSet<int>(sampling.AllowedTokenIds);
        left.ExceptWith(sampling.SuppressedTokenIds);
        if (left.Count == 0)
            throw Nothing("the model's generation_config.json suppresses every one of them. Allow other tokens");
        left.ExceptWith(sampling.BadWords.Where(word => word.Length == 1).Select(word => word[0]));
        if (left.Count == 0)
            throw Nothing("'bad_words' forbids every one of them that the model may write. Allow other tokens, or fewer bad words");
        if (request.MinTokens == 0)
            return;
        left.ExceptWith(request.StopTokenIds);
        if (left.Count == 0)
            throw Nothing("'min_tokens' forbids the tokens that end an answer, and no other one is left. Leave out 'min_tokens' or allow other tokens");
    }

    private static ApiException Nothing(string reason) => Fault.Of($"Invalid '{Param}': {reason}.", Param, "invalid_parameter_combination");
}
