using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Attacks;

/// <summary>Thousands of bodies that are almost valid, over all routes: an answer or an error object, and never a fault of the server.</summary>
/// <remarks><c>GEMMA4_FUZZ_SEED</c> begins elsewhere.</remarks>
public sealed class MutatedBodyTests
{
    private const int NumMutants = 5000;
    private const int MaxFaults = 10;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Mutated_bodies_are_answered_or_refused()
    {
        await using var server = new ServerUnderTest(Script.WithLogprobs("Hello there.", (" a", -1f))) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        foreach ((string path, string contentType, byte[] body) in ValidBodies.All)
        {
            (int status, string text) = await PostAsync(client, path, contentType, body);
            Assert.True(status == 200, $"the unchanged body of {path} is refused: {status} {text}\n{Faults(server)}");
        }
        var faults = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            Enumerable.Range(FileMutator.FirstSeed, NumMutants),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken },
            async (seed, _) =>
            {
                if (faults.Count < MaxFaults && await FaultAsync(client, seed) is { } fault)
                    faults.Enqueue(fault);
            });
        Assert.True(faults.IsEmpty, $"{string.Join("\n\n", faults)}\n{Faults(server)}");
        Assert.Equal("", Faults(server));
        Assert.Equal(0, server.Engine.NumRunning);
    }

    private static async Task<string?> FaultAsync(HttpClient client, int seed)
    {
        (string path, string contentType, byte[] valid) = ValidBodies.All[seed % ValidBodies.All.Count];
        byte[] body = BodyMutator.Mutate(valid, contentType == "application/json", new Random(seed));
        string? fault = null;
        try
        {
            (int status, string text) = await PostAsync(client, path, contentType, body).WaitAsync(Longest);
            bool isError = status is >= 400 and < 500 && Words(JsonElement.Parse(text).GetProperty("error")) is { Length: > 0 };
            bool isAnswer = status == 200 && !text.Contains("\"error\":{", StringComparison.Ordinal);
            if (!isError && !isAnswer)
                fault = $"{status} {text}";
        }
        catch (Exception exception) when (exception is TimeoutException or HttpRequestException or IOException or JsonException)
        {
            fault = exception.Message;
        }
        return fault is null ? null : $"seed {seed}, {path}: {fault}\n{Encoding.UTF8.GetString(body[..Math.Min(body.Length, 3000)])}";
    }

    /// <summary>Ollama's API has the words alone.</summary>
    private static string? Words(JsonElement error) => error.ValueKind == JsonValueKind.String ? error.GetString() : error.GetProperty("message").GetString();

    private static string Faults(ServerUnderTest server) => string.Join('\n', server.Log.OfRequests.Where(l => l.StartsWith("Error", StringComparison.Ordinal)));

    private static async Task<(int Status, string Text)> PostAsync(HttpClient client, string path, string contentType, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        using HttpResponseMessage response = await client.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
