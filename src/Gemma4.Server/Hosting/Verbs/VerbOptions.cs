using System.CommandLine;

namespace Gemma4.Server.Hosting;

/// <summary>Switches that several verbs take, each a new one a command.</summary>
internal static class VerbOptions
{
    private const int MaxThreads = 1024;

    public static Option<string> Quantization() => Choice("--quantization", "what weights that are stored as floats are rounded to; quantised ones keep their bits", "none", "int8", "int4");

    public static Option<string> KvDtype() => Choice("--kv-dtype", "type that keys and values are stored in", "auto", "float32", "bfloat16", "int8");

    public static Option<string> Backend() => Choice("--backend", "what computes it: our own kernels, or libtorch's operators", "auto", "cpu", "torch");

    public static Option<string> Kernels() => Choice("--kernels", "kernels of quantised weights; all give the same bits", "auto", "portable", "avx2", "avx512", "avx512-vnni");

    public static Option<string> Device() => new("--device") { Description = "where it is computed", HelpName = "auto|cpu|cuda[:N]", DefaultValueFactory = _ => "auto" };

    public static Option<int?> Threads()
    {
        var option = new Option<int?>("--threads") { Description = "threads that compute (default: one a core)", HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > MaxThreads)
                result.AddError($"--threads: expected 1 to {MaxThreads}.");
        });
        return option;
    }

    private static Option<string> Choice(string name, string description, params string[] words)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', words), DefaultValueFactory = _ => words[0] };
        option.AcceptOnlyFromAmong(words);
        return option;
    }
}
