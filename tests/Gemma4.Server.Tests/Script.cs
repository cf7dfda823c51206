using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Testing;

namespace Gemma4.Server.Tests;

/// <summary>Engines that say texts, spelled in the demo model's tokens.</summary>
internal static class Script
{
    /// <summary>The token that ends a turn.</summary>
    public static int EndOfTurn => ServerUnderTest.Tokenizer.Special.TurnEnd!.Value;

    /// <summary>Every sequence is this text, then the end of the turn. Control tokens in the text are control tokens.</summary>
    public static FakeEngine Saying(string text) => FakeEngine.Saying([.. ServerUnderTest.Tokenizer.Encode(text), EndOfTurn]);

    /// <summary>Every sequence is this text, cut by the token limit.</summary>
    public static FakeEngine Cut(string text) => FakeEngine.Saying(FinishReason.Length, ServerUnderTest.Tokenizer.Encode(text));

    /// <summary>Each token with a log-probability of -0.5 and the given best ones beside it.</summary>
    public static FakeEngine WithLogprobs(string text, params (string Token, float Logprob)[] top) => new((request, _) => Events(request, text, top));

    /// <summary>The text's tokens one by one, each when the gate of its number opens.</summary>
    public static FakeEngine Gated(string text, Func<int, CancellationToken, Task> gate) => new((request, cancelled) => Gated(request, text, gate, cancelled));

    /// <summary>Every sequence is this text and then silence: it ends only when it is aborted.</summary>
    public static FakeEngine Endless(string text) => new((request, cancelled) => Endless(text, request, cancelled));

    /// <summary>The events of one request whose every sequence is this text.</summary>
    public static async IAsyncEnumerable<TokenEvent> Play(GenerationRequest request, string text)
    {
        int[] ids = [.. ServerUnderTest.Tokenizer.Encode(text), EndOfTurn];
        for (int i = 0; i < ids.Length; i++)
        {
            for (int sequence = 0; sequence < request.NumSequences; sequence++)
                yield return new TokenEvent { SequenceIndex = sequence, TokenId = ids[i], FinishReason = i == ids.Length - 1 ? FinishReason.Stop : null };
            await Task.Yield();
        }
    }

    /// <summary>The events of one request whose every sequence is this text and then silence.</summary>
    public static async IAsyncEnumerable<TokenEvent> Endless(
        string text, GenerationRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancelled)
    {
        foreach (int id in ServerUnderTest.Tokenizer.Encode(text))
        {
            for (int sequence = 0; sequence < request.NumSequences; sequence++)
                yield return new TokenEvent { SequenceIndex = sequence, TokenId = id };
        }
        await Task.Delay(Timeout.Infinite, cancelled);
    }

    private static async IAsyncEnumerable<TokenEvent> Gated(
        GenerationRequest request, string text, Func<int, CancellationToken, Task> gate, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancelled)
    {
        int[] ids = ServerUnderTest.Tokenizer.Encode(text);
        for (int i = 0; i < ids.Length; i++)
        {
            await gate(i, cancelled);
            yield return new TokenEvent { SequenceIndex = 0, TokenId = ids[i] };
        }
        yield return new TokenEvent { SequenceIndex = 0, TokenId = EndOfTurn, FinishReason = FinishReason.Stop };
    }

    private static async IAsyncEnumerable<TokenEvent> Events(GenerationRequest request, string text, (string Token, float Logprob)[] top)
    {
        await Task.Yield();
        ImmutableArray<TokenLogprob> best = [.. top.Select(t => new TokenLogprob(ServerUnderTest.Tokenizer.EncodeText(t.Token)[0], t.Logprob))];
        var logprobs = new TokenLogprobs(-0.5f, best);
        if (request.PromptLogprobs)
        {
            yield return new TokenEvent
            {
                SequenceIndex = 0,
                PromptLogprobs = [.. request.PromptTokenIds.Skip(1).Select(_ => new TokenLogprobs(-1.5f, best))],
            };
        }
        int[] ids = [.. ServerUnderTest.Tokenizer.Encode(text), EndOfTurn];
        for (int sequence = 0; sequence < request.NumSequences; sequence++)
        {
            foreach (int id in ids)
            {
                yield return new TokenEvent
                {
                    SequenceIndex = sequence,
                    TokenId = id,
                    Logprobs = logprobs with { Logprob = -0.5f - sequence },
                    FinishReason = id == EndOfTurn ? FinishReason.Stop : null,
                };
            }
        }
    }
}
