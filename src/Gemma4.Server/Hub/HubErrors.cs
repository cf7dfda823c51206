using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Gemma4.Server.Hub;

/// <summary>What a hub's refusal means, and what to do about it.</summary>
/// <remarks>The codes and messages in headers are those that huggingface_hub reads (<c>utils/_http.py</c>, <c>hf_raise_for_status</c>): a 401 also stands
/// for a repository that is not there, so that nobody learns which private ones are.</remarks>
internal static partial class HubErrors
{
    /// <summary>Makes an exception of an answer that is no success.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="body">The beginning of its body.</param>
    /// <param name="model">What was asked for.</param>
    /// <param name="settings">Whether a token was sent, and where one belongs.</param>
    public static Exception Of(HttpResponseMessage response, string body, ModelName model, HubSettings settings)
    {
        int status = (int)response.StatusCode;
        string code = Header(response, "X-Error-Code") ?? "", said = HubText.Line(Header(response, "X-Error-Message") ?? HubErrorBody.Message(body, response.Content.Headers.ContentType));
        string host = response.RequestMessage?.RequestUri?.Host ?? settings.Endpoint.Host;
        string page = $"{settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{model.Repository}";
        string request = Header(response, "x-request-id") is { Length: > 0 } id ? $" [request {HubText.Line(id)}]" : "";
        string answered = $"{host} answered {status}{(said.Length > 0 ? $": {said}" : ".")}{request}";
        return (code, response.StatusCode) switch
        {
            ("GatedRepo", _) => new HubException(settings.Token is null
                ? $"{model.Repository} is gated: its authors want to know who takes it. Open {page}, log in and accept the terms; make a token at {settings.Endpoint}settings/tokens; "
                    + $"then set HF_TOKEN to it, or write it to {settings.TokenFile}. ({answered})"
                : $"{model.Repository} is gated, and the token's owner has no access yet: open {page} and accept the terms or ask for access. A fine-grained token also has to "
                    + $"allow gated repositories. ({answered})"),
            ("RevisionNotFound", _) => new HubException($"{model.Repository} has no revision '{model.Revision}': see {page}/tree/main for its branches, tags and commits. ({answered})"),
            ("EntryNotFound", _) => new HubException($"{model.Repository} does not have a file that its own list names: it may just be changing. Start again. ({answered})"),
            (_, HttpStatusCode.Unauthorized) when settings.Token is not null && said.Contains("Invalid credentials", StringComparison.OrdinalIgnoreCase) =>
                new HubException($"{host} does not know the token. Make another at {settings.Endpoint}settings/tokens and set HF_TOKEN to it, or write it to {settings.TokenFile}. ({answered})"),
            ("RepoNotFound", _) or (_, HttpStatusCode.Unauthorized or HttpStatusCode.NotFound) => new HubException(
                $"{host} has no model '{model.Repository}', or it is private{(settings.Token is null ? " and no token was sent: set HF_TOKEN" : " and the token's owner may not read it")}. "
                + $"Check the spelling at {page}. ({answered})"),
            (_, HttpStatusCode.Forbidden) => new HubException(
                $"{host} does not let {(settings.Token is null ? "anybody without a token" : "this token's owner")} read {model.Repository}: it may be disabled, or the token's permissions "
                + $"do not cover it (see {settings.Endpoint}settings/tokens and {page}). ({answered})"),
            (_, HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError) => new TransientHubException(answered, RetryAfter(response)),
            _ => new HubException($"{model.Repository} cannot be fetched: {answered} See {page}."),
        };
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    /// <summary><c>Retry-After</c> in seconds, else the time until a new window of <c>RateLimit: "api";r=0;t=55</c> (huggingface.co/docs/hub/rate-limits).</summary>
    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if (response.Headers.RetryAfter is RetryConditionHeaderValue { Delta: { } delta })
            return delta;
        return response.StatusCode == HttpStatusCode.TooManyRequests && Header(response, "RateLimit") is { } limit && Window().Match(limit) is { Success: true } window
            ? TimeSpan.FromSeconds(int.Parse(window.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            : null;
    }

    [GeneratedRegex(@";\s*t=([0-9]{1,6})\b")]
    private static partial Regex Window();
}
