namespace Gemma4.LoadTest;

/// <summary>Time to the first token of a long prompt, first when no one has asked it before, then when its prefix is cached.</summary>
internal static class PrefixRun
{
    private const int Rounds = 5;

    public static async Task<bool> RunAsync(LoadOptions options, StreamingClient client, TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync("round  prompt tokens  cached  cold ms  cached ms   ratio");
        for (int round = 0; round < Rounds; round++)
        {
            string prefix = Workload.Text(Workload.Mix(options.Seed, round), options.PrefixWords);
            RequestResult cold = await client.SendAsync(new LoadRequest(prefix + " Say one.", 1), cancellationToken);
            RequestResult cached = await client.SendAsync(new LoadRequest(prefix + " Say two.", 1), cancellationToken);
            if ((cold.Error ?? cached.Error) is string error)
            {
                await output.WriteLineAsync($"failed: {error}");
                return false;
            }
            await output.WriteLineAsync(
                $"{round,5}  {cached.PromptTokens,13}  {cached.CachedTokens,6}  {cold.FirstToken.TotalMilliseconds,7:F1}  "
                + $"{cached.FirstToken.TotalMilliseconds,9:F1}  {cold.FirstToken / cached.FirstToken,6:F1}");
        }
        return true;
    }
}
