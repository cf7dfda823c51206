using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Access;

/// <summary>The certificate with which the server speaks HTTPS, from files that are read again when they change. Connections that are open keep the
/// one that they began with.</summary>
internal sealed class ServerCertificate : IDisposable
{
    private const int MaxFileBytes = 1 << 20;

    private readonly string _certificateFile, _keyFile;
    private readonly ILogger _log;
    private readonly FileWatch _watch;
    private volatile SslStreamCertificateContext _context;

    /// <summary>Reads the files.</summary>
    /// <param name="options">Names both.</param>
    /// <param name="time">Measures when to look again.</param>
    /// <param name="log">Told of changes.</param>
    /// <exception cref="OptionsException">They cannot be used; the message names the file.</exception>
    public ServerCertificate(ServerOptions options, TimeProvider time, ILogger<ServerCertificate> log)
    {
        (_certificateFile, _keyFile, _log) = (options.TlsCertificate!, options.TlsKey!, log);
        _watch = new FileWatch([_certificateFile, _keyFile], time, Reload);
        _context = Read();
    }

    /// <summary>What new connections are given: the certificate and the chain behind it.</summary>
    public SslStreamCertificateContext Current => _context;

    /// <inheritdoc/>
    public void Dispose() => _watch.Dispose();

    private void Reload()
    {
        try
        {
            // The old one is not disposed: handshakes may be using it.
            _context = Read();
            _log.CertificateReloaded(_certificateFile, _context.TargetCertificate.NotAfter);
        }
        catch (OptionsException exception)
        {
            _log.CertificateKept(exception.Message);
        }
    }

    private SslStreamCertificateContext Read()
    {
        string certificates = Text(_certificateFile), key = Text(_keyFile);
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certificates);
        }
        catch (CryptographicException exception)
        {
            throw new OptionsException($"{_certificateFile} holds no valid certificate in PEM: {exception.Message}");
        }
        if (chain.Count == 0)
            throw new OptionsException($"{_certificateFile} holds no certificate in PEM ('-----BEGIN CERTIFICATE-----'). Give the server's own first, then those that signed it.");
        try
        {
            var own = X509Certificate2.CreateFromPem(certificates, key);
            chain.RemoveAt(0);
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new OptionsException(
                $"{_keyFile} is not the private key in PEM of the first certificate of {_certificateFile}: {exception.Message} It must not be encrypted.");
        }
    }

    private static string Text(string path) => Encoding.UTF8.GetString(BoundedFile.Read(path, MaxFileBytes));
}
