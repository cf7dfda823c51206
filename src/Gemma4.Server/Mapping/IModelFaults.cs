using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>How an API refuses a missing and an unknown model: each has its own words.</summary>
internal interface IModelFaults
{
    /// <summary>What to say when the model is left out; null where it may be.</summary>
    ApiException? Missing();

    /// <summary>What to say of a model that is none of those served.</summary>
    ApiException Unknown(string id, IReadOnlyList<string> served);
}
