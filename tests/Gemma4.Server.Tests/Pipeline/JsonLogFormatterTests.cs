using System.Text.Json;
using Gemma4.Server.Pipeline;
using Serilog.Events;
using Serilog.Parsing;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

public sealed class JsonLogFormatterTests
{
    [Fact]
    public void Event_is_one_line_with_level_exception_and_properties()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));
        var logged = new LogEvent(
            time, LogEventLevel.Error, new InvalidOperationException("line 1\nline 2"), new MessageTemplateParser().Parse("{Path} has \"{Count}\""),
            [new("Path", new ScalarValue("/a\nb")), new("Count", new ScalarValue(7)), new("Names", new SequenceValue([new ScalarValue("x")]))]);
        using var output = new StringWriter();
        new JsonLogFormatter().Format(logged, output);
        string line = output.ToString();
        Assert.EndsWith("}" + Environment.NewLine, line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line.TrimEnd());
        JsonElement json = JsonElement.Parse(line);
        Assert.Equal(time, json.GetProperty("@t").GetDateTimeOffset());
        Assert.Equal("/a\nb has \"7\"", json.GetProperty("@m").GetString());
        Assert.Equal("Error", json.GetProperty("@l").GetString());
        Assert.Contains("line 2", json.GetProperty("@x").GetString(), StringComparison.Ordinal);
        Assert.Equal(("/a\nb", 7, "x"), (json.GetProperty("Path").GetString(), json.GetProperty("Count").GetInt32(), json.GetProperty("Names")[0].GetString()));
    }
}
