using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gemma4.Conformance;

/// <summary>Sends the request of a case and checks the answer.</summary>
internal sealed class CaseRunner(HttpClient client, CasePlaceholders placeholders, AnswerSchemas schemas, string key)
{
    public async Task<CaseResult> RunAsync(JsonElement test, CancellationToken cancellationToken)
    {
        JsonElement expect = test.GetProperty("expect");
        var faults = new List<string>();
        int? status = null;
        try
        {
            using HttpRequestMessage request = Request(test);
            using HttpResponseMessage response = await client.SendAsync(request, cancellationToken);
            string text = await response.Content.ReadAsStringAsync(cancellationToken);
            status = (int)response.StatusCode;
            Check(expect, response, text, faults);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            faults.Add($"no answer: {exception.Message}");
        }
        return new CaseResult(test.GetProperty("name").GetString()!, faults, status, test.GetProperty("openai_verified").GetBoolean());
    }

    private HttpRequestMessage Request(JsonElement test)
    {
        var request = new HttpRequestMessage(
            new HttpMethod(test.GetProperty("method").GetString()!), placeholders.Expand(test.GetProperty("path").GetString()!));
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Content-Type"] = "application/json",
            ["Authorization"] = "Bearer " + key,
        };
        if (test.TryGetProperty("headers", out JsonElement given) && given.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty header in given.EnumerateObject())
                headers[header.Name] = header.Value.GetString()!;
        }
        if (test.TryGetProperty("body", out JsonElement body))
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body(test, body)));
        foreach ((string name, string value) in headers.Where(h => h.Value.Length > 0))
        {
            if (!name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
                request.Headers.TryAddWithoutValidation(name, value);
            else if (request.Content is not null)
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
        }
        return request;
    }

    private string Body(JsonElement test, JsonElement body)
    {
        bool isRaw = test.TryGetProperty("body_is_raw", out JsonElement raw) && raw.GetBoolean();
        return isRaw ? placeholders.Expand(body.GetString()!) : placeholders.Expand(body)?.ToJsonString() ?? "null";
    }

    private void Check(JsonElement expect, HttpResponseMessage response, string text, List<string> faults)
    {
        int status = (int)response.StatusCode;
        bool isExpected = IsAnyOf(expect.GetProperty("status"), JsonSerializer.SerializeToElement(status, ConformanceJsonContext.Default.Int32));
        if (!isExpected)
            faults.Add($"status {status}, wanted {expect.GetProperty("status").GetRawText()}");
        foreach (JsonElement check in Items(expect, "header_checks"))
        {
            string name = check.GetProperty("path").GetString()!;
            string value = Header(response, name);
            if (!Regex.IsMatch(value, check.GetProperty("value").GetString()!, RegexOptions.None, TimeSpan.FromSeconds(1)))
                faults.Add($"header {name} is '{value}'");
        }
        if (status >= 400)
            CheckError(expect, text, isExpected, faults);
        else if (expect.TryGetProperty("sse", out JsonElement sse) && sse.ValueKind == JsonValueKind.Object)
            SseChecks.Check(sse, Header(response, "content-type"), text, placeholders, schemas, faults);
        else if (status < 300 && (expect.TryGetProperty("json_path_checks", out _) || expect.TryGetProperty("schema", out _)))
            CheckJson(expect, text, faults);
    }

    private void CheckError(JsonElement expect, string text, bool isExpected, List<string> faults)
    {
        if (!TryParse(text, out JsonElement body) || body.ValueKind != JsonValueKind.Object
            || !body.TryGetProperty("error", out JsonElement error) || error.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"not the error shape: {Start(text)}");
            return;
        }
        foreach (string name in new[] { "message", "type", "param", "code" }.Where(n => !error.TryGetProperty(n, out _)))
            faults.Add($"the error lacks '{name}'");
        string message = error.TryGetProperty("message", out JsonElement m) && m.ValueKind == JsonValueKind.String ? m.GetString()! : "";
        if (message.Length == 0)
            faults.Add("the error's message is empty");
        foreach (string name in new[] { "type", "code", "param" })
        {
            if (!isExpected || !expect.TryGetProperty("error_" + name, out JsonElement raw))
                continue;
            JsonElement want = JsonElement.Parse(placeholders.Expand(raw)?.ToJsonString() ?? "null");
            JsonElement got = error.TryGetProperty(name, out JsonElement found) ? found : default;
            if (got.ValueKind == JsonValueKind.Undefined || !IsAnyOf(want, got))
                faults.Add($"{name} is {(got.ValueKind == JsonValueKind.Undefined ? "absent" : got.GetRawText())}, wanted {want.GetRawText()}");
        }
        if (expect.TryGetProperty("message_regex", out JsonElement pattern) && pattern.ValueKind == JsonValueKind.String
            && !Regex.IsMatch(message, pattern.GetString()!, RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1)))
            faults.Add($"message '{Start(message)}' does not match {pattern.GetString()}");
    }

    private void CheckJson(JsonElement expect, string text, List<string> faults)
    {
        if (!TryParse(text, out JsonElement answer))
        {
            faults.Add($"not JSON: {Start(text)}");
            return;
        }
        foreach (JsonElement check in Items(expect, "json_path_checks"))
        {
            JsonElement expanded = JsonElement.Parse(placeholders.Expand(check)!.ToJsonString());
            if (!CaseCheck.Holds(answer, expanded, schemas))
                faults.Add($"check {expanded.GetRawText()}");
        }
        if (expect.TryGetProperty("schema", out JsonElement schema) && schema.ValueKind == JsonValueKind.String
            && schemas.Fault(schema.GetString()!, answer) is { } fault)
            faults.Add($"violates {schema.GetString()}: {fault}");
    }

    private static bool IsAnyOf(JsonElement want, JsonElement got) => want.ValueKind == JsonValueKind.Array
        ? want.EnumerateArray().Any(w => JsonElement.DeepEquals(w, got))
        : JsonElement.DeepEquals(want, got);

    private static IEnumerable<JsonElement> Items(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out JsonElement items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : [];

    private static string Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) || response.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : "";

    internal static bool TryParse(string text, out JsonElement value)
    {
        try
        {
            value = JsonElement.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            value = default;
            return false;
        }
    }

    internal static string Start(string text) => text.Length <= 120 ? text : text[..120] + "…";
}
