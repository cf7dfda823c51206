using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>What programs sent when they were recorded (<see cref="AgentProgramTests"/>), so that the next change cannot break them where they are not installed.</summary>
public sealed class RecordedClientTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Folder { get; } = Path.Combine(RepositoryPaths.Fixtures, "clients");

    public static TheoryData<string> Recorded() => [.. Directory.EnumerateFiles(Folder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task What_it_sends_is_taken(string program)
    {
        JsonArray requests = JsonNode.Parse(await File.ReadAllTextAsync(FileOf(program), TestContext.Current.CancellationToken))!.AsArray();
        Assert.Contains(requests, request => request!["body"] is not null);
        FakeEngine engine = Script.Saying("Hello.");
        engine.Info = engine.Info with { MaxContextLength = 262_144 };
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        foreach (JsonNode? request in requests)
        {
            using HttpRequestMessage message = Message(request!.AsObject());
            using HttpResponseMessage response = await client.SendAsync(message, TestContext.Current.CancellationToken);
            Assert.True(response.IsSuccessStatusCode, $"{message.Method} {message.RequestUri}: {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        }
        Assert.NotEmpty(engine.Requests);
    }

    /// <summary>Keeps what a program sent.</summary>
    internal static async Task WriteAsync(string program, IEnumerable<JsonObject> requests)
    {
        Directory.CreateDirectory(Folder);
        await File.WriteAllTextAsync(
            FileOf(program), new JsonArray([.. requests]).ToJsonString(Indented) + "\n", TestContext.Current.CancellationToken);
    }

    private static string FileOf(string program) => Path.Combine(Folder, $"{program}.json");

    private static HttpRequestMessage Message(JsonObject request)
    {
        var message = new HttpRequestMessage(new HttpMethod(request["method"]!.GetValue<string>()), request["path"]!.GetValue<string>());
        foreach ((string name, JsonNode? value) in request["headers"]!.AsObject())
            message.Headers.TryAddWithoutValidation(name, value!.GetValue<string>());
        if (request["body"] is { } body)
            message.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return message;
    }
}
