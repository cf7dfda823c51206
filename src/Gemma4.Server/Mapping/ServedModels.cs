using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Gemma4.Server.Serving;

namespace Gemma4.Server.Mapping;

/// <summary>Which models a request may name: those that are served, and of them those that its key may use.</summary>
internal static class ServedModels
{
    /// <summary>The mend in errors about a model that is not served.</summary>
    public static string Sentence(IReadOnlyList<string> served) => $"This server serves {Fault.Listed(served)}.";

    /// <summary>The ids that a request may name.</summary>
    public static IReadOnlyList<string> For(HttpContext context, ModelNames names) => [.. names.All.Where(Allowed(context).AllowsModel)];

    /// <summary>Checks the model of a request, and notes it for logs.</summary>
    /// <param name="context">The request.</param>
    /// <param name="names">What is served.</param>
    /// <param name="id">As the request names it; empty takes the first.</param>
    /// <param name="faults">How this API refuses a model it does not have.</param>
    /// <exception cref="ApiException">The server, or the request's key, does not have it.</exception>
    public static void Check(HttpContext context, ModelNames names, string id, IModelFaults faults)
    {
        Allowance allowance = Allowed(context);
        if (id.Length == 0)
            id = names.Primary;
        if (!names.Serves(id) || !allowance.AllowsModel(id))
            throw faults.Unknown(id, For(context, names));
        allowance.Model = id;
    }

    private static Allowance Allowed(HttpContext context) => context.RequestServices.GetRequiredService<Allowance>();
}
