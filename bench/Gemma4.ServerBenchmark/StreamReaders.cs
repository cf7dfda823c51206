using System.Net.Http.Headers;
using System.Text;

namespace Gemma4.ServerBenchmark;

/// <summary>Clients that read streamed answers and do nothing with them. They run in a process of their own, so that the server's time is its own.</summary>
internal static class StreamReaders
{
    private const int BufferBytes = 4096;

    /// <summary>Reads until killed: each stream begins anew when it ends.</summary>
    public static Task RunAsync(Uri server, int numStreams, string api, int numTokens) =>
        Task.WhenAll(Enumerable.Range(0, numStreams).Select(_ => ReadAsync(server, api, numTokens)));

    private static async Task ReadAsync(Uri server, string api, int numTokens)
    {
        using var client = new HttpClient { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        byte[] buffer = new byte[BufferBytes];
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, api) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body(api, numTokens))) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            response.EnsureSuccessStatusCode();
            await using Stream body = await response.Content.ReadAsStreamAsync();
            while (await body.ReadAsync(buffer) > 0)
            {
                // What is in it does not matter here.
            }
        }
    }

    private static string Body(string api, int numTokens) => api switch
    {
        "/v1/responses" => $$"""{"model":"bench","stream":true,"store":false,"max_output_tokens":{{numTokens}},"input":"Go on."}""",
        _ => $$"""{"model":"bench","stream":true,"max_tokens":{{numTokens}},"messages":[{"role":"user","content":"Go on."}]}""",
    };
}
