using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.Hosting;

/// <summary>How the server meets the network. Section <c>Server</c>.</summary>
internal sealed class ServerOptions
{
    public const string Section = "Server";

    /// <summary>Address to listen on; <c>0.0.0.0</c> for all.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8000;

    /// <summary>Keys of which requests must bring one; none lets everybody in.</summary>
    public string[] ApiKeys { get; set; } = [];

    /// <summary>Origins whose pages may call the API from a browser; <c>*</c> for all, none for none.</summary>
    public string[] CorsOrigins { get; set; } = [];

    /// <summary>Bodies larger than this are refused with 413. Pictures come as base64, so this is generous.</summary>
    [Range(1024, long.MaxValue)]
    public long MaxRequestBodyBytes { get; set; } = 128L << 20;

    /// <summary>A stream that has nothing to say sends a comment this often, so that no proxy or client gives it up.</summary>
    [Range(1, 60)]
    public int HeartbeatSeconds { get; set; } = 10;

    /// <summary>At shutdown, requests being served have this long to end; then they are ended with an error.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; set; } = 30;
}
