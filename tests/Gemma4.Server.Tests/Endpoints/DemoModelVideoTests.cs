using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>The demo model, which was shown single images only, tells what it sees in videos.</summary>
public sealed class DemoModelVideoTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const string Both = "A red square and a blue triangle on a white background.";

    private static readonly byte[] RedSquare = Drawing("A red square on a white background."), BlueTriangle = Drawing("A blue triangle on a white background.");

    private static string List => VideoParts.Video(
        $"[\"{TestMedia.DataUrl(RedSquare, "image/png")}\",\"{TestMedia.DataUrl(BlueTriangle, "image/png")}\"]", "\"fps\":1");

    [Theory]
    [InlineData("Describe the picture.", Both)]
    [InlineData("How many shapes are there?", "There are 2 shapes.")]
    public async Task Video_of_two_frames_is_answered_in_a_chat(string question, string answer)
    {
        JsonElement chat = await AskAsync("/v1/chat/completions", $$$"""
            "messages":[{"role":"user","content":[{{{List}}},{"type":"text","text":"{{{question}}}"}]}]
            """);
        Assert.Equal(answer, chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(2, chat.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("image_tokens_each").GetArrayLength());
    }

    [Fact]
    public async Task Video_of_two_frames_is_answered_in_a_response_and_in_a_message()
    {
        JsonElement response = await AskAsync("/v1/responses", $$$"""
            "input":[{"role":"user","content":[{{{List}}},{"type":"input_text","text":"Describe the image."}]}]
            """);
        Assert.Equal(Both, response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        JsonElement message = await AskAsync("/v1/messages", $$$"""
            "max_tokens":64,"messages":[{"role":"user","content":[{{{List}}},{"type":"text","text":"Describe the image."}]}]
            """);
        Assert.Equal(Both, message.GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("mp4", "mpeg4")]
    [InlineData("mkv", "ffv1")]
    public async Task Video_file_of_a_green_second_and_a_red_one_is_answered(string extension, string codec)
    {
        TestVideo.RequireTools();
        const string square = "drawbox=x=25:y=25:w=110:h=110:t=fill";
        string source = $"color=white:size=160x160:rate=5:duration=2,format=rgb24,{square}:color=green:enable='lt(t,1)',{square}:color=red:enable='gte(t,1)'";
        string video = VideoParts.VideoUrl(await TestVideo.MakeAsync(source, extension, codec), "\"num_frames\":2");
        JsonElement chat = await AskAsync("/v1/chat/completions", $$$"""
            "messages":[{"role":"user","content":[{{{video}}},{"type":"text","text":"Describe the image."}]}]
            """);
        Assert.Equal("A green square and a red square on a white background.", chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task Video_of_one_frame_shows_what_its_image_shows()
    {
        string video = VideoParts.Video($"[\"{TestMedia.DataUrl(BlueTriangle, "image/png")}\"]");
        JsonElement chat = await AskAsync("/v1/chat/completions", $$$"""
            "messages":[{"role":"user","content":[{{{video}}},{"type":"text","text":"Which colour do you see?"}]}]
            """);
        Assert.Equal("The shape is blue.", chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    private async Task<JsonElement> AskAsync(string api, string fields)
    {
        using HttpClient client = server.Client();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, api, $$"""{"model":"{{ServerUnderTest.Model}}","temperature":0,{{fields}}}""");
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.GetRawText());
        return answer;
    }

    /// <summary>The drawing of the demo model's cases that has this right answer; the model was not trained on it.</summary>
    private static byte[] Drawing(string answer)
    {
        JsonArray cases = JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryPaths.DemoModel, "cases.json")))!.AsArray();
        return Convert.FromBase64String((string)cases.First(c => (string?)c!["kind"] == "image" && (string?)c["answer"] == answer)!["png"]!);
    }
}
