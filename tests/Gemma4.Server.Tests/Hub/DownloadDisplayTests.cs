using Gemma4.Server.Hub;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

public sealed class DownloadDisplayTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _lines = [];

    [Fact]
    public void A_log_gets_a_line_now_and_then()
    {
        var display = new DownloadDisplay(null, _lines.Add, _time);
        display.Begin("google/gemma", 1_000_000_000, 200_000_000);
        for (int i = 0; i < 40; i++)
        {
            _time.Pass(TimeSpan.FromSeconds(1));
            display.Advance(10_000_000);
        }
        display.End();
        Assert.Equal(
            [
                "Fetching google/gemma: 800.0 MB of 1.0 GB",
                "Fetched 35 %  350.0 MB of 1.0 GB  10.0 MB/s, 1 min 05 s left",
                "Fetched 50 %  500.0 MB of 1.0 GB  10.0 MB/s, 50 s left",
                "Fetched 60 %  600.0 MB of 1.0 GB  10.0 MB/s, 40 s left",
            ],
            _lines);
    }

    [Fact]
    public void A_terminal_gets_a_bar_that_notes_do_not_tear()
    {
        var terminal = new StringWriter();
        var display = new DownloadDisplay(terminal, _lines.Add, _time);
        display.Begin("google/gemma", 1000, 0);
        display.Advance(100);
        Assert.Equal("", terminal.ToString()); // not drawn faster than an eye sees
        _time.Pass(TimeSpan.FromSeconds(1));
        display.Advance(400);
        Assert.StartsWith("\r  [████████████············]  50 %  500 B of 1.0 kB  500 B/s, 1 s left", terminal.ToString(), StringComparison.Ordinal);
        display.Note("Trying again");
        Assert.EndsWith("\r", terminal.ToString(), StringComparison.Ordinal);
        display.Advance(500);
        display.End();
        Assert.EndsWith("100 %  1.0 kB of 1.0 kB  1.0 kB/s, 0 s left\n", terminal.ToString(), StringComparison.Ordinal);
        Assert.Equal(["Fetching google/gemma: 1.0 kB", "Trying again"], _lines);
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Pass(TimeSpan time) => _now += time.Ticks;
    }
}
