using System.Text.Json;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>Reads server-sent events strictly: one <c>data:</c> line a frame, comments, LF, nothing else.</summary>
internal static class Sse
{
    /// <summary>The JSON of every frame.</summary>
    /// <param name="text">The whole stream.</param>
    /// <param name="isDone">Whether it must end in <c>[DONE]</c>.</param>
    public static JsonElement[] Frames(string text, bool isDone)
    {
        Assert.DoesNotContain('\r', text);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        string[] blocks = [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(b => b != ": keep-alive")];
        Assert.All(blocks, b => Assert.StartsWith("data: ", b, StringComparison.Ordinal));
        Assert.All(blocks, b => Assert.DoesNotContain('\n', b));
        Assert.Equal(isDone, blocks[^1] == "data: [DONE]");
        return [.. blocks[..^(isDone ? 1 : 0)].Select(b => JsonElement.Parse(b["data: ".Length..]))];
    }

    /// <summary>The JSON of every frame of a stream whose frames carry their type as the event's name.</summary>
    public static JsonElement[] NamedFrames(string text)
    {
        Assert.DoesNotContain('\r', text);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        string[] blocks = [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(b => b != ": keep-alive")];
        return
        [
            .. blocks.Select(block =>
            {
                string[] lines = block.Split('\n');
                Assert.Equal(2, lines.Length);
                JsonElement json = JsonElement.Parse(lines[1]["data: ".Length..]);
                Assert.Equal($"event: {json.GetProperty("type").GetString()}", lines[0]);
                return json;
            }),
        ];
    }
}
