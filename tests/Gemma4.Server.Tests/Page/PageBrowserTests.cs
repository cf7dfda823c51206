using System.Runtime.CompilerServices;
using Gemma4.Engine.Requests;
using Gemma4.Server.Tests.Clients;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Page;

/// <summary>The page in Chromium, driven as people use it (<c>tests/clients/page</c>): against the real server with the demo model, and against one that
/// wants a key and whose engine says what a test needs.</summary>
public sealed class PageBrowserTests
{
    private const string Chromium = "/usr/bin/chromium";
    private const string Key = "sk-right-key";

    /// <summary>What a model may write to a page that would take it for markup.</summary>
    private const string Hostile = "<img src=x onerror=alert(1)> **bold** [one](javascript:alert(1)) [two](https://example.org/) "
        + "![three](https://example.org/x.png)\n\n```html\n<script>alert(1)</script>\n```\n\n<script>alert(2)</script>";

    [Fact]
    public async Task The_page_does_in_a_browser_what_it_promises()
    {
        if (!File.Exists(Chromium))
            Assert.Skip("needs Debian's chromium: apt-get install chromium");
        if (!NodeRun.Has("page", "playwright-core"))
            Assert.Skip("needs the packages of tests/clients/page: npm ci --ignore-scripts --prefix tests/clients/page");
        await using var demo = new ServerProcess("--port", "0");
        await using var scripted = new ServerUnderTest(new FakeEngine(Answer), ("Server:ApiKeys:0", Key));
        await NodeRun.PassesAsync(
            "page", "page.test.mjs", ("BASE_URL", (await demo.ReadyAsync()).ToString()), ("CHROMIUM", Chromium), ("SCRIPTED_URL", (await scripted.ListeningAsync()).ToString()), ("KEY", Key));
    }

    /// <summary>Without an end where it is asked for that, else the hostile text.</summary>
    private static async IAsyncEnumerable<TokenEvent> Answer(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancelled)
    {
        bool isEndless = ServerUnderTest.Tokenizer.Decode(request.PromptTokenIds.AsSpan()).Contains("Go on and on", StringComparison.Ordinal);
        foreach (int id in ServerUnderTest.Tokenizer.Encode(isEndless ? "On and on" : Hostile))
            yield return new TokenEvent { SequenceIndex = 0, TokenId = id };
        if (isEndless)
            await Task.Delay(Timeout.Infinite, cancelled);
        yield return new TokenEvent { SequenceIndex = 0, TokenId = Script.EndOfTurn, FinishReason = FinishReason.Stop };
    }
}
