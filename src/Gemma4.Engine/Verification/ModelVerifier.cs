using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Verification;

/// <summary><c>verify models DIR</c>: every case of a folder laid out like the fixtures, models beside goldens.</summary>
public static class ModelVerifier
{
    /// <summary>How the verb is called.</summary>
    public const string Usage = "verify models DIR [--dtype float32|bfloat16] [--device cpu|cuda[:n]]";

    /// <summary>Runs every case and prints a line for each, with its largest errors.</summary>
    /// <param name="args">What follows <c>verify models</c>.</param>
    /// <param name="output">Where the lines go.</param>
    /// <returns>True only if there was at least one case and all hold.</returns>
    public static bool Run(IReadOnlyList<string> args, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        if (!TryParse(args, out string root, out ScalarType dtype, out string device))
        {
            output.WriteLine($"usage: {Usage}");
            return false;
        }
        string golden = Path.Combine(root, "golden");
        if (!Directory.Exists(golden))
        {
            output.WriteLine($"{golden}: the folder does not exist; {root} should hold models/ beside golden/");
            return false;
        }
        using IDisposable inference = inference_mode();
        int cases = 0, failures = 0;
        foreach (string name in Directory.EnumerateDirectories(golden).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal))
        {
            if (!File.Exists(Path.Combine(golden, name, "cases.json")))
                continue;
            foreach (CaseResult result in VerifyModel(root, name, dtype, torch.device(device)))
            {
                output.WriteLine(result);
                output.Flush();
                cases++;
                failures += result.Holds ? 0 : 1;
            }
        }
        output.WriteLine($"{cases - failures} of {cases} cases hold in {(dtype == ScalarType.Float32 ? "float32" : "bfloat16")} on {device}.");
        return cases > 0 && failures == 0;
    }

    /// <summary>Runs every case of one model, or only the one of that name.</summary>
    internal static IEnumerable<CaseResult> VerifyModel(string root, string name, ScalarType dtype, Device device, string? only = null)
    {
        Gemma4Model model;
        IReadOnlyList<GoldenCase> cases;
        string? refusal = null;
        try
        {
            model = ModelLoader.Load(Path.Combine(root, "models", name), dtype, device);
            cases = GoldenCase.ReadAll(root, name, model.Config);
        }
        catch (CheckpointException e)
        {
            refusal = e.Message;
            model = null!;
            cases = [];
        }
        if (refusal is not null)
        {
            yield return new CaseResult(name, [new CaseCheck("load", false, refusal)]);
            yield break;
        }
        using (model)
        {
            var verifier = new CaseVerifier(model, AccuracyBars.For(model.Dtype));
            foreach (GoldenCase golden in cases.Where(c => only is null || c.Name == only))
                yield return verifier.Verify(golden);
            string routing = Path.Combine(root, "golden", name, "routing.safetensors");
            if (only is null && File.Exists(routing) && cases.FirstOrDefault(c => c.Name == "window") is { } window)
                yield return verifier.VerifyRouting(window, new TensorFile(routing));
        }
    }

    private static bool TryParse(IReadOnlyList<string> args, out string root, out ScalarType dtype, out string device)
    {
        (root, dtype, device) = ("", ScalarType.Float32, "cpu");
        for (int i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--dtype" when i + 1 < args.Count && args[i + 1] is "float32" or "bfloat16":
                    dtype = args[++i] == "float32" ? ScalarType.Float32 : ScalarType.BFloat16;
                    break;
                case "--device" when i + 1 < args.Count:
                    device = args[++i];
                    break;
                case var path when root.Length == 0 && !path.StartsWith('-'):
                    root = path;
                    break;
                default:
                    return false;
            }
        }
        return root.Length > 0;
    }
}
