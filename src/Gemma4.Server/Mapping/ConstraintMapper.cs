using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Hosting;

namespace Gemma4.Server.Mapping;

/// <summary>What an answer must look like, to the automaton that holds it to that.</summary>
internal static class ConstraintMapper
{
    /// <summary>Null for free text. What cannot be enforced is refused, never ignored.</summary>
    public static ITokenConstraintSource? Compile(AnswerFormat? format, LoadedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return format is null ? null : throw Fault.UnsupportedParameter(format.Param, "cannot be enforced by this server.");
    }
}
