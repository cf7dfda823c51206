using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Tools of a response request that only OpenAI's own servers have. Agents send some always, whether they need them or not.</summary>
internal sealed class HostedTools(IOptions<ApiOptions> api, ILogger<HostedTools> log)
{
    private const int MaxShownLength = 40;

    /// <summary>Says in a header and in the log which tools are left out; under <c>--strict-params</c> they are refused.</summary>
    /// <exception cref="ApiException">There is one, and the server is strict.</exception>
    public void Check(HttpContext context, ResponseRequest request)
    {
        ResponseTool[] tools = request.Tools ?? [];
        int first = Array.FindIndex(tools, t => !ResponseTools.Has(t.Type));
        if (first < 0)
            return;
        if (api.Value.StrictParams)
            throw Fault.UnsupportedValue(
                $"tools[{first}].type", $"Unsupported value: '{tools[first].Type}'. This server has no hosted tools; it supports tools of type 'function' and 'custom'.");
        string types = string.Join(", ", tools.Select(t => t.Type).Where(t => !ResponseTools.Has(t)).Distinct().Select(Shown));
        context.Response.Headers.Warning = $"299 - \"tools of types that this server does not have were left out: {types}\"";
        log.Ignored("tools", $"this server does not have tools of type {types}");
    }

    /// <summary>A type that could break the header is not shown.</summary>
    private static string Shown(string type) =>
        type.Length <= MaxShownLength && type.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? type : "(unknown)";
}
