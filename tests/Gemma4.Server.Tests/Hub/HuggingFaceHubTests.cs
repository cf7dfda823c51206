using System.Diagnostics;
using Gemma4.Server.Hub;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

/// <summary>Hugging Face's own huggingface_hub over the same cache, both ways. Skipped where Python has none; <c>PYTHONPATH</c> may name one.</summary>
public sealed class HuggingFaceHubTests : IDisposable
{
    private readonly HubCacheFolder _cache = new();

    [Fact]
    public async Task What_we_fetch_it_finds()
    {
        await RequirePackageAsync();
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(50_000));
        LocalModel model = await _cache.PullAsync(hub);
        string[] said = await PythonAsync(hub, """
            from huggingface_hub import scan_cache_dir, snapshot_download, try_to_load_from_cache
            info = scan_cache_dir()
            print(len(info.warnings), len(info.incomplete_files))
            for repo in info.repos:
                for revision in repo.revisions:
                    print(repo.repo_type, repo.repo_id, revision.commit_hash, sorted(revision.refs), len(revision.files), revision.size_on_disk)
            print(try_to_load_from_cache("google/gemma-4-E2B-it", "model.safetensors"))
            print(snapshot_download("google/gemma-4-E2B-it", local_files_only=True))
            """);
        string[] files = Directory.GetFiles(model.Path);
        long size = files.Sum(file => hub.Files[Path.GetFileName(file)].Length);
        Assert.Equal(
            ["0 0", $"model google/gemma-4-E2B-it {hub.Commit} ['main'] {files.Length} {size}", Path.Combine(model.Path, "model.safetensors"), model.Path], said);
    }

    [Fact]
    public async Task What_is_not_complete_does_not_look_broken_to_it()
    {
        await RequirePackageAsync();
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(50_000));
        hub.Interfere = (context, isStorage) =>
        {
            if (isStorage)
                context.Abort();
            return Task.FromResult(isStorage);
        };
        await _cache.FailureAsync(hub);
        Assert.Equal(["0"], await PythonAsync(hub, """
            from huggingface_hub import scan_cache_dir
            print(len(scan_cache_dir().warnings))
            """));
    }

    [Fact]
    public async Task What_it_fetches_we_find_and_complete()
    {
        await RequirePackageAsync();
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(50_000));
        string[] said = await PythonAsync(hub, """
            from huggingface_hub import snapshot_download
            print(snapshot_download("google/gemma-4-E2B-it", ignore_patterns=["original/*"]))
            """);
        LocalModel found = new HubCache(_cache.Path, usesLinks: true).Find(HubCacheFolder.Name)!;
        Assert.Equal([found.Path], said);
        int numRequests = hub.Requests.Count;
        Assert.Equal(found.Path, (await _cache.PullAsync(hub)).Path);
        Assert.DoesNotContain(hub.Requests.Skip(numRequests), request => request.Path.Contains("/resolve/", StringComparison.Ordinal));
        _cache.AssertNothingWrong(hub);
    }

    public void Dispose() => _cache.Dispose();

    private async Task RequirePackageAsync()
    {
        try
        {
            (int exitCode, string output, _) = await RunAsync("import huggingface_hub; print(huggingface_hub.__version__)");
            if (exitCode == 0)
                TestContext.Current.TestOutputHelper?.WriteLine($"huggingface_hub {output.Trim()}");
            else
                Assert.Skip("needs huggingface_hub for python3");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs python3");
        }
    }

    private async Task<string[]> PythonAsync(LoopbackHub hub, string program)
    {
        (int exitCode, string output, string errors) = await RunAsync(program, ("HF_ENDPOINT", hub.Endpoint.AbsoluteUri.TrimEnd('/')));
        Assert.True(exitCode == 0, errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("python3", ["-c", program]) { WorkingDirectory = _cache.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in (IEnumerable<(string, string)>)
            [("HF_HUB_CACHE", _cache.Path), ("HF_HUB_DISABLE_XET", "1"), ("HF_HUB_DISABLE_PROGRESS_BARS", "1"), ("HF_HUB_DISABLE_TELEMETRY", "1"), .. environment])
        {
            start.Environment[name] = value;
        }
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }
}
