using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Microsoft.Extensions.Logging;
using Xunit;
using static Gemma4.Engine.Tests.Parsing.ParserHarness;

namespace Gemma4.Engine.Tests.Parsing;

public sealed class ParserMetricsTests
{
    [Theory]
    [InlineData("<|tool_call>call:f(a=1)<tool_call|>", LogLevel.Information, "EqualsSign", "RoundBrackets")]
    [InlineData("<|tool_call>call:f{secret<tool_call|>", LogLevel.Warning, "CallAsContent")]
    public void Irregularities_are_counted_by_kind_and_logged_without_the_text(string answer, LogLevel level, params string[] kinds)
    {
        using var meters = new TestMeterFactory();
        using var counted = new MetricCollector(meters, "gemma4.parser.irregularities");
        var log = new Lines();
        Parsed(answer).Report("req-1", log, new ParserMetrics(meters));
        Assert.Equal(kinds.Select(k => (1.0, $"kind={k}")), counted.Measurements.Where(m => m.Value > 0).OrderBy(m => m.Tags));
        (LogLevel logged, string line) = Assert.Single(log.Written);
        Assert.Equal(level, logged);
        Assert.Contains("req-1", line);
        Assert.All(kinds, k => Assert.Contains(k, line));
        Assert.DoesNotContain("secret", line);
    }

    [Fact]
    public void Regular_answer_is_neither_counted_nor_logged()
    {
        var log = new Lines();
        Parsed("<|tool_call>call:f{a:1}<tool_call|>").Report("req-1", log, metrics: null);
        Assert.Empty(log.Written);
    }

    private static OutputParser Parsed(string answer)
    {
        var parser = new OutputParser(Tokenizer, With(Tool("f")));
        foreach (int id in Tokenizer.Encode(answer))
            parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = id });
        parser.Append(new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Stop });
        return parser;
    }

    private sealed class Lines : ILogger
    {
        public List<(LogLevel Level, string Text)> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add((logLevel, formatter(state, exception)));
    }
}
