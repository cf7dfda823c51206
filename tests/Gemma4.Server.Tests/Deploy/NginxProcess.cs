using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Deploy;

/// <summary>Debian's nginx with a configuration of <c>deploy/balancer</c>, on another port and in a folder of its own.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private static readonly string Source = Path.Combine(RepositoryPaths.Root, "deploy", "balancer");
    private readonly string _folder = Directory.CreateTempSubdirectory("nginx").FullName;
    private readonly Process _process;

    private NginxProcess(string configuration, IEnumerable<(string From, string To)> replaced)
    {
        foreach (string file in Directory.EnumerateFiles(Source))
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        int port = FreePort();
        Address = new Uri($"http://127.0.0.1:{port}");
        string text = File.ReadAllText(Path.Combine(Source, configuration));
        (string, string)[] own =
        [
            ("listen 8000;", $"listen 127.0.0.1:{port};"), ("/run/nginx.pid", $"{_folder}/nginx.pid"), ("/var/log/nginx/error.log", "stderr"),
            ("http {", $"http {{ {string.Concat(new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(what => $"{what}_temp_path {_folder}/{what};"))}"),
        ];
        foreach ((string from, string to) in own.Concat(replaced))
        {
            Assert.Contains(from, text, StringComparison.Ordinal);
            text = text.Replace(from, to, StringComparison.Ordinal);
        }
        File.WriteAllText(Path.Combine(_folder, "nginx.conf"), text);
        _process = Process.Start(new ProcessStartInfo(Program!, ["-p", _folder, "-c", Path.Combine(_folder, "nginx.conf"), "-e", "stderr", "-g", "daemon off;"]) { RedirectStandardError = true })!;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    private static string? Program { get; } = new[] { "/usr/sbin/nginx", "/usr/bin/nginx" }.FirstOrDefault(File.Exists);

    /// <summary>Skips the test where nginx or its JavaScript is not installed.</summary>
    public static void SkipWhereAbsent()
    {
        if (Program is null || !File.Exists("/usr/lib/nginx/modules/ngx_http_js_module.so"))
            Assert.Skip("needs Debian's nginx: apt-get install --no-install-recommends nginx-light libnginx-mod-http-js");
    }

    /// <summary>Starts one; it listens when this returns.</summary>
    /// <param name="configuration">File of <c>deploy/balancer</c>.</param>
    /// <param name="replaced">Texts of the file, each of which must be there, and what stands in their place.</param>
    public static async Task<NginxProcess> StartAsync(string configuration, params IEnumerable<(string From, string To)> replaced)
    {
        var nginx = new NginxProcess(configuration, replaced);
        for (int i = 0; ; i++)
        {
            Assert.False(nginx._process.HasExited, nginx._process.HasExited ? await nginx._process.StandardError.ReadToEndAsync() : null);
            Assert.True(i < 600, "nginx does not listen.");
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, nginx.Address.Port, TestContext.Current.CancellationToken);
                break;
            }
            catch (SocketException)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
        _ = nginx._process.StandardError.ReadToEndAsync(CancellationToken.None);     // so that it never waits for a reader
        return nginx;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
