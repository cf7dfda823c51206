using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Monitoring;

/// <summary>Debian's Prometheus with the configuration of <c>deploy/monitoring</c>, faster and against another server.</summary>
internal sealed class PrometheusProcess : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("prometheus").FullName;
    private readonly Process _process;
    private readonly HttpClient _client;

    private PrometheusProcess(Uri server)
    {
        string config = File.ReadAllText(Path.Combine(Folder, "prometheus.yml"));
        config = Replaced(Replaced(config, "15s", "1s"), "127.0.0.1:8000", server.Authority);
        File.WriteAllText(Path.Combine(_folder, "prometheus.yml"), config);
        File.Copy(Path.Combine(Folder, "alerts.yml"), Path.Combine(_folder, "alerts.yml"));
        int port = FreePort();
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        _process = Process.Start(new ProcessStartInfo(
            "prometheus",
            [
                $"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={_folder}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
            ])
        { RedirectStandardError = true })!;
    }

    /// <summary>The files that are tried.</summary>
    public static string Folder { get; } = Path.Combine(RepositoryPaths.Root, "deploy", "monitoring");

    /// <summary>Skips the test where Prometheus is not installed.</summary>
    public static void SkipWhereAbsent()
    {
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "promtool"))))
            Assert.Skip("needs Debian's Prometheus: apt-get install --no-install-recommends prometheus");
    }

    /// <summary>Starts one that scrapes a server.</summary>
    public static async Task<PrometheusProcess> StartAsync(Uri server)
    {
        var prometheus = new PrometheusProcess(server);
        for (int i = 0; !await prometheus.IsReadyAsync(); i++)
        {
            Assert.False(prometheus._process.HasExited, prometheus._process.HasExited ? await prometheus._process.StandardError.ReadToEndAsync() : null);
            Assert.True(i < 600, "Prometheus does not become ready.");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        return prometheus;
    }

    /// <summary>Runs promtool in the folder of the files.</summary>
    /// <returns>Its output; it must succeed.</returns>
    public static async Task<string> ToolAsync(string? input, params string[] args)
    {
        var start = new ProcessStartInfo("promtool", args)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process tool = Process.Start(start)!;
        Task<string> output = tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), errors = tool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await tool.StandardInput.WriteAsync(input);
        tool.StandardInput.Close();
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        string all = await output + await errors;
        Assert.True(tool.ExitCode == 0, all);
        return all;
    }

    /// <summary>The result of an instant query.</summary>
    public async Task<JsonElement> QueryAsync(string expression)
    {
        JsonElement answer = await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}");
        Assert.True(answer.GetProperty("status").GetString() == "success", $"{expression}: {answer}");
        return answer.GetProperty("data").GetProperty("result");
    }

    /// <summary>The answer of Prometheus's API.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage response = await _client.GetAsync(path, TestContext.Current.CancellationToken);
        return JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage response = await _client.GetAsync("/-/ready", TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }

    private static string Replaced(string text, string from, string to)
    {
        Assert.Contains(from, text, StringComparison.Ordinal);
        return text.Replace(from, to, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
