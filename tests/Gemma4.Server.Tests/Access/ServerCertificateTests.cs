using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gemma4.Server.Access;
using Gemma4.Server.Hosting;
using Gemma4.Server.Settings;
using Gemma4.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Access;

/// <summary>HTTPS with certificates made here.</summary>
public sealed class ServerCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    private string[] Switches => ["--port", "0", "--data", "memory", "--model", RepositoryPaths.DemoModel, "--tls-cert", _folder["cert.pem"], "--tls-key", _folder["key.pem"]];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Certificate_is_read_again_when_it_changes_and_open_connections_live_on()
    {
        Write("first");
        await using WebApplication app = ServerApp.Build(Switches, services => services.AddSingleton<TimeProvider>(_time));
        await app.StartAsync(TestContext.Current.CancellationToken);
        var address = new Uri(app.Urls.First());
        Assert.Equal("https", address.Scheme);
        using HttpClient open = Client(out Func<string?> shown);
        Assert.Equal(HttpStatusCode.OK, await LiveAsync(open, address));
        Assert.Equal("CN=first", shown());

        Write("second");
        _time.Advance(FileWatch.Interval);
        Assert.Equal(HttpStatusCode.OK, await LiveAsync(open, address));
        Assert.Equal("CN=first", shown());
        using HttpClient fresh = Client(out shown);
        Assert.Equal(HttpStatusCode.OK, await LiveAsync(fresh, address));
        Assert.Equal("CN=second", shown());

        _folder.Write("key.pem", "no key");
        _time.Advance(FileWatch.Interval);
        using HttpClient last = Client(out shown);
        Assert.Equal(HttpStatusCode.OK, await LiveAsync(last, address));
        Assert.Equal("CN=second", shown());
    }

    [Fact]
    public async Task What_the_web_server_refuses_by_itself_has_a_body_behind_TLS_too()
    {
        Write("first");
        await using WebApplication app = ServerApp.Build(Switches);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var socket = new TcpClient("127.0.0.1", new Uri(app.Urls.First()).Port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync("GET / HTTP/9.9\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(tls);
        string answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 505 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"error\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cert.pem", null, "cannot be read")]
    [InlineData("key.pem", null, "cannot be read")]
    [InlineData("cert.pem", "nothing", "holds no certificate in PEM")]
    [InlineData("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no valid certificate in PEM")]
    [InlineData("key.pem", "nothing", "is not the private key in PEM of the first certificate")]
    public void File_that_cannot_be_used_ends_the_start_by_its_name(string file, string? text, string message)
    {
        Write("first");
        if (text is null)
            File.Delete(_folder[file]);
        else
            _folder.Write(file, text);
        string said = Assert.Throws<OptionsException>(() => ServerApp.Build(Switches)).Message;
        Assert.StartsWith(_folder[file], said, StringComparison.Ordinal);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_of_another_certificate_is_refused()
    {
        Write("first");
        string key = File.ReadAllText(_folder["key.pem"]);
        Write("second");
        _folder.Write("key.pem", key);
        Assert.StartsWith(_folder["key.pem"], Assert.Throws<OptionsException>(() => ServerApp.Build(Switches)).Message, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> LiveAsync(HttpClient client, Uri address)
    {
        using HttpResponseMessage response = await client.GetAsync(new Uri(address, "/health/live"), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    /// <summary>A client that takes any certificate and tells whose it was shown last.</summary>
    private static HttpClient Client(out Func<string?> shown)
    {
        string? subject = null;
        shown = () => subject;
        return new HttpClient(new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
            {
                subject = certificate!.Subject;
                return true;
            },
        });
    }

    private void Write(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _folder.Write("cert.pem", certificate.ExportCertificatePem());
        _folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem());
    }
}
