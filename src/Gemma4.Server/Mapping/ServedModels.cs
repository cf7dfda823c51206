using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>The mend in errors about a model that is not served.</summary>
internal static class ServedModels
{
    public static string Sentence(IReadOnlyList<string> served) => $"This server serves {Fault.Listed(served)}.";
}
