using System.Text;
using static Gemma4.Testing.Attacks.Attack;
using static Gemma4.Testing.Attacks.JsonAttacks;
using static Gemma4.Testing.Attacks.Outcome;

namespace Gemma4.Testing.Attacks;

/// <summary>Forms of the transcription endpoint.</summary>
internal static class FormAttacks
{
    private const string Path = "/v1/audio/transcriptions";
    private const string Model = $"--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{TextRequests.Model}\r\n";
    private const string FileHead = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n";

    public static IEnumerable<Attack> All =>
    [
        Form("a form without parts", "--b--\r\n", Refused()),
        Form("nothing", "", Refused()),
        Form("a form without a file", Model + "--b--\r\n", Refused("file")),
        Form("a form that ends in the midst of its file", Model + FileHead + "RIFF", Refused()),
        Form("a form that ends in the midst of a header", Model + "--b\r\nContent-Disp", Refused()),
        Form("a file of no bytes", Model + FileHead + "\r\n--b--\r\n", Refused("file")),
        Form("a file that is text", Model + FileHead + "hello\r\n--b--\r\n", Refused("file")),
        Form("a file of another boundary", Model + FileHead.Replace("--b", "--c", StringComparison.Ordinal) + "x\r\n--b--\r\n", new Outcome(400, 404)),
        Form("a part without a name", Model + "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", Refused()),
        Form("a part without headers", Model + "--b\r\n\r\nx\r\n--b--\r\n", Refused()),
        Form("a part of a megabyte of headers", Model + "--b\r\nX: " + new string('x', 1_000_000) + "\r\n\r\nx\r\n--b--\r\n", Refused()),
        Form("a part of 10,000 headers", Model + "--b\r\n" + Repeat("X: y\r\n", 10_000) + "\r\nx\r\n--b--\r\n", Refused()),
        Form("a field of 10 megabytes", Model + "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n" + new string('p', 10_000_000) + "\r\n--b--\r\n", Refused()),
        Form("10,000 fields", Model + Repeat("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n", 10_000) + "--b--\r\n", Refused()),
        Form("a form in a form", Model + "--b\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n", Refused()),
        Form("a file name that climbs", Model + FileHead.Replace("a.wav", "../../../../etc/cron.d/x", StringComparison.Ordinal) + "x\r\n--b--\r\n", Refused("file")),
        Form("a file name of a NUL", Model + FileHead.Replace("a.wav", "a\0.wav", StringComparison.Ordinal) + "x\r\n--b--\r\n", Refused()),
        Post("form: no boundary", Path, () => Encoding.ASCII.GetBytes(Model + "--b--\r\n"), Refused(), "multipart/form-data"),
        Post("form: a boundary of 10,000 characters", Path, () => "x"u8.ToArray(), Refused(), $"multipart/form-data; boundary={new string('b', 10_000)}"),
        Post("form: JSON", Path, () => "{}"u8.ToArray(), Refused(code: "unsupported_content_type")),
        Post("form: a form of URLs", Path, () => Encoding.ASCII.GetBytes(Repeat("a=b&", 100_000)), Refused(), "application/x-www-form-urlencoded"),
        Post("form: 30 megabytes of audio", Path, () => Encoding.Latin1.GetBytes(Model + FileHead + new string('x', 30_000_000) + "\r\n--b--\r\n"), new Outcome(400, 413), "multipart/form-data; boundary=b"),
    ];

    private static Attack Form(string name, string body, Outcome expected) =>
        Post("form: " + name, Path, () => Encoding.Latin1.GetBytes(body), expected, "multipart/form-data; boundary=b");
}
