using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gemma4.Conformance;

/// <summary>Checks of a streamed answer: its frames, their names and order, its end.</summary>
internal static partial class SseChecks
{
    public static void Check(
        JsonElement expect, string contentType, string text, CasePlaceholders placeholders, AnswerSchemas schemas, List<string> faults)
    {
        if (!contentType.Contains("text/event-stream", StringComparison.Ordinal))
            faults.Add($"content-type is '{contentType}'");
        var frames = new JsonArray();
        var names = new List<string?>();
        bool isDone = Read(text, frames, names, faults);
        if (expect.TryGetProperty("terminator", out JsonElement end) && end.GetString() == "[DONE]" && !isDone)
            faults.Add("no [DONE]");
        if (frames.Count == 0)
        {
            faults.Add("no frames");
            return;
        }
        JsonElement root = JsonSerializer.SerializeToElement(frames);
        CheckTypes(expect, root, names, faults);
        if (!expect.TryGetProperty("checks", out JsonElement checks) || checks.ValueKind != JsonValueKind.Array)
            return;
        foreach (JsonElement check in checks.EnumerateArray())
        {
            JsonElement expanded = JsonElement.Parse(placeholders.Expand(check)!.ToJsonString());
            if (!CaseCheck.Holds(root, expanded, schemas))
                faults.Add($"stream check {expanded.GetRawText()}");
        }
    }

    private static bool Read(string text, JsonArray frames, List<string?> names, List<string> faults)
    {
        bool isDone = false;
        foreach (string block in Blank().Split(text))
        {
            string[] lines = block.Split('\n', StringSplitOptions.TrimEntries);
            string[] data = [.. lines.Where(l => l.StartsWith("data:", StringComparison.Ordinal)).Select(l => l["data:".Length..].TrimStart(' '))];
            if (data.Length == 0)
                continue;
            string joined = string.Join('\n', data);
            if (joined == "[DONE]")
            {
                isDone = true;
                continue;
            }
            if (isDone)
                faults.Add("data after [DONE]");
            if (!CaseRunner.TryParse(joined, out JsonElement frame))
            {
                faults.Add($"a frame is not JSON: {CaseRunner.Start(joined)}");
                continue;
            }
            frames.Add(JsonNode.Parse(frame.GetRawText()));
            names.Add(lines.FirstOrDefault(l => l.StartsWith("event:", StringComparison.Ordinal))?["event:".Length..].Trim());
        }
        return isDone;
    }

    private static void CheckTypes(JsonElement expect, JsonElement frames, List<string?> names, List<string> faults)
    {
        string?[] types = [.. CasePath.Find(frames, "$[*].type").Values.Select(v => v?.GetString())];
        if (IsOn(expect, "event_names_match_type") && !types.SequenceEqual(names))
            faults.Add("an event's name differs from its type");
        if (IsOn(expect, "sequence_numbers") && !IsConsecutive(frames))
            faults.Add("sequence numbers are not consecutive");
        if (!expect.TryGetProperty("required_types_in_order", out JsonElement required) || required.ValueKind != JsonValueKind.Array)
            return;
        int at = 0;
        foreach (string? type in required.EnumerateArray().Select(r => r.GetString()))
        {
            at = Array.IndexOf(types, type, at) + 1;
            if (at > 0)
                continue;
            faults.Add($"'{type}' is missing or out of order");
            return;
        }
    }

    private static bool IsConsecutive(JsonElement frames)
    {
        int[] numbers = [.. CasePath.Find(frames, "$[*].sequence_number").Values.Select(v => v?.GetInt32() ?? int.MinValue)];
        return numbers.SequenceEqual(Enumerable.Range(numbers[0], numbers.Length));
    }

    private static bool IsOn(JsonElement expect, string name) => expect.TryGetProperty(name, out JsonElement on) && on.ValueKind == JsonValueKind.True;

    [GeneratedRegex(@"\r?\n\r?\n")]
    private static partial Regex Blank();
}
