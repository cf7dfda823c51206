using System.IO.Compression;
using System.Text;
using static Gemma4.Testing.Attacks.Attack;
using static Gemma4.Testing.Attacks.Outcome;

namespace Gemma4.Testing.Attacks;

/// <summary>Images and audio that are bombs or no media, and URLs that lead where no request may lead.</summary>
internal static class MediaAttacks
{
    private const long BombMemory = 200L << 20;

    private static readonly string[] Urls =
    [
        "http://127.0.0.1:22/x.png", "http://localhost/x.png", "http://[::1]/x.png", "http://169.254.169.254/latest/meta-data/", "http://0x7f000001/", "http://2130706433/",
        "http://127.1/", "http://0/", "http://[::ffff:127.0.0.1]/", "http://10.0.0.1/", "http://192.168.0.1/", "http://user:pass@127.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/", "javascript:alert(1)", "/etc/passwd", "x", "http://", "http://a b/", "data:", "data:image/png", "data:image/png;base64,", "data:image/png;base64,@@@@",
        "data:image/png;base64,AAA", "data:image/png,%89PNG", "data:text/html;base64,PGI+", "data:image/svg+xml;base64,PHN2Zy8+", "data:;base64,AAAA", "data:image/png;charset=x;base64,AAAA",
    ];

    public static IEnumerable<Attack> All =>
    [
        .. Urls.Select((url, i) => Image($"a URL of kind {i}", "chat", () => url)),
        .. Urls.Where((_, i) => i % 5 == 0).SelectMany((url, i) => new[] { "responses", "messages" }.Select(api => Image($"a URL of sample {i}", api, () => url))),
        Image("a URL of two megabytes", "chat", () => "http://example.invalid/" + new string('a', 2_000_000)),
        Image("an image of 65,535 squared", "chat", () => Png(65_535, 65_535, 0)) with { MaxMemoryBytes = BombMemory },
        Image("an image of a hundred million pixels", "chat", () => Png(10_000, 10_000, 100_000_000)) with { MaxMemoryBytes = BombMemory },
        Image("an image that is cut", "messages", () => Png(2_000, 2_000, 1000)) with { MaxMemoryBytes = BombMemory },
        Image("an image of no size", "responses", () => Png(0, 0, 10)),
        Post("chat: 1,000 images", "/v1/chat/completions", () => MediaRequests.Body("chat", Many(1_000, MediaRequests.Image("chat", Dot))), Refused()),
        Post("chat: 16 images", "/v1/chat/completions", () => MediaRequests.Body("chat", Many(16, MediaRequests.Image("chat", Dot))), new Outcome(200, 400)).OfMuchWork(),
        Audio("audio of 4 GB that are not there", () => Wav(0xFFFFFFF0, 16_000, 1)),
        Audio("audio of no rate", () => Wav(32_000, 0, 1)),
        Audio("audio of the highest rate", () => Wav(32_000, uint.MaxValue, 1)),
        Audio("audio of 65,535 channels", () => Wav(32_000, 16_000, ushort.MaxValue)),
        Audio("audio of no channel", () => Wav(32_000, 16_000, 0)),
        Audio("audio that is an MP3 of ones", () => [.. Enumerable.Repeat((byte)0xFF, 200_000)]),
        Audio("audio of noise", () => Noise(200_000)),
        Post("chat: audio that is no base64", "/v1/chat/completions", () => MediaRequests.Body("chat", """{"type":"input_audio","input_audio":{"data":"@@@","format":"wav"}}"""), Refused()),
        Post("chat: audio of an unknown format", "/v1/chat/completions", () => MediaRequests.Body("chat", """{"type":"input_audio","input_audio":{"data":"AAAA","format":"exe"}}"""), Refused()),
        Post("chat: video of 2,000 frames", "/v1/chat/completions", () => MediaRequests.Body("chat", VideoParts.Repeated(Dot, 2_000)), Refused()),
        Post("chat: video that is noise", "/v1/chat/completions", () => MediaRequests.Body("chat", VideoParts.VideoUrl(Noise(100_000))), Refused()),
        Post("chat: a part of an unknown type", "/v1/chat/completions", () => MediaRequests.Body("chat", """{"type":"hologram","hologram":{}}"""), Refused()),
    ];

    private static string Dot => TestMedia.DataUrl("thumb.png", "image/png");

    private static Attack Image(string name, string api, Func<string> url) =>
        Post($"{api}: {name}", MediaRequests.Path(api), () => MediaRequests.Body(api, MediaRequests.Image(api, url())), Refused());

    private static Attack Audio(string name, Func<byte[]> file) => Post(
        $"chat: {name}", "/v1/chat/completions",
        () => MediaRequests.Body("chat", $$$"""{"type":"input_audio","input_audio":{"data":"{{{Convert.ToBase64String(file())}}}","format":"wav"}}"""), Refused()) with
    { MaxMemoryBytes = BombMemory };

    private static string Many(int count, string part) => string.Join(',', Enumerable.Repeat(part, count));

    private static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        new Random(2).NextBytes(noise);
        return noise;
    }

    private static byte[] Wav(uint length, uint rate, ushort channels)
    {
        byte[] file = TestMedia.Wav(new short[16_000], 16_000);
        BitConverter.TryWriteBytes(file.AsSpan(22), channels);
        BitConverter.TryWriteBytes(file.AsSpan(24), rate);
        BitConverter.TryWriteBytes(file.AsSpan(40), length);
        return file;
    }

    /// <summary>A grey PNG of a size it claims and of as many zeros as it is given.</summary>
    private static string Png(uint width, uint height, int numZeros)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk(file, "IHDR", [.. BigEndian(width), .. BigEndian(height), 8, 0, 0, 0, 0]);
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            byte[] zeros = new byte[1 << 16];
            for (int left = numZeros; left > 0; left -= zeros.Length)
                zlib.Write(zeros, 0, Math.Min(left, zeros.Length));
        }
        Chunk(file, "IDAT", compressed.ToArray());
        Chunk(file, "IEND", []);
        return TestMedia.DataUrl(file.ToArray(), "image/png");
    }

    private static void Chunk(Stream file, string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        file.Write(BigEndian((uint)data.Length));
        file.Write(body);
        file.Write(BigEndian(Crc(body)));
    }

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static uint Crc(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
