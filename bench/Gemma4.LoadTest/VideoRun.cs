using System.Text.Json.Nodes;

namespace Gemma4.LoadTest;

/// <summary>Time to the first token of a video: a file seen for the first time and again, the same number of frames in a list, and beside
/// them what decoding the file alone takes. The ways take turns, so that a busy machine troubles all of them alike.</summary>
internal static class VideoRun
{
    private const int Rounds = 5, NumFrames = 32, FrameBudget = 70;

    public static async Task<bool> RunAsync(LoadOptions options, StreamingClient client, TextWriter output, CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gemma4-videos-");
        try
        {
            string file = Path.Combine(folder.FullName, "video.mp4");
            List<TimeSpan> decode = [], fresh = [], again = [], list = [];
            await output.WriteLineAsync("round  MB    prompt tokens  ffmpeg alone ms  file ms  file again ms  list of frames ms");
            for (int round = 0; round < Rounds; round++)
            {
                int seed = Workload.Mix(options.Seed, round) & 0xFFFFFF;
                await TestVideo.CreateAsync(file, options.VideoSeconds, seed, cancellationToken);
                decode.Add(await TestVideo.DecodeAsync(file, cancellationToken));
                JsonObject video = FileOf(await File.ReadAllBytesAsync(file, cancellationToken));
                RequestResult first = await SendAsync(client, video, cancellationToken);
                RequestResult second = await SendAsync(client, video, cancellationToken);
                RequestResult frames = await SendAsync(client, ListOf(seed), cancellationToken);
                if ((first.Error ?? second.Error ?? frames.Error) is string error)
                {
                    await output.WriteLineAsync($"failed: {error}");
                    return false;
                }
                fresh.Add(first.FirstToken);
                again.Add(second.FirstToken);
                list.Add(frames.FirstToken);
                await output.WriteLineAsync(
                    $"{round,5}  {new FileInfo(file).Length / 1e6,-4:F1}  {first.PromptTokens,13}  {decode[^1].TotalMilliseconds,15:F0}  {fresh[^1].TotalMilliseconds,7:F0}  "
                    + $"{again[^1].TotalMilliseconds,13:F0}  {list[^1].TotalMilliseconds,17:F0}");
            }
            await output.WriteLineAsync(
                $"median                    {Percentiles.Of(decode).P50,15:F0}  {Percentiles.Of(fresh).P50,7:F0}  {Percentiles.Of(again).P50,13:F0}  {Percentiles.Of(list).P50,17:F0}");
            return true;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<RequestResult> SendAsync(StreamingClient client, JsonObject video, CancellationToken cancellationToken) =>
        client.SendAsync(new LoadRequest("What happens?", 1) { Video = video }, cancellationToken);

    private static JsonObject FileOf(byte[] video) => new()
    {
        ["type"] = "video_url",
        ["video_url"] = new JsonObject { ["url"] = "data:video/mp4;base64," + Convert.ToBase64String(video), ["num_frames"] = NumFrames },
        ["max_soft_tokens"] = FrameBudget,
    };

    private static JsonObject ListOf(int seed) => new()
    {
        ["type"] = "video",
        ["video"] = new JsonObject
        {
            ["frames"] = new JsonArray([.. Enumerable.Range(0, NumFrames).Select(i => JsonValue.Create(TestImage.Create(seed + i, FrameBudget).DataUri))]),
            ["fps"] = 0.5,
        },
        ["max_soft_tokens"] = FrameBudget,
    };
}
