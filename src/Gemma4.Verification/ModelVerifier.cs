using Gemma4.Engine;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;

namespace Gemma4.Verification;

/// <summary><c>verify models DIR</c>: every case of a folder laid out like the fixtures, models beside goldens.</summary>
public static class ModelVerifier
{
    /// <summary>How the verb is called.</summary>
    public const string Usage = "verify models DIR [--dtype float32|bfloat16] [--device cpu|cuda[:n]] [--backend cpu|torch] [--kv-dtype float32|bfloat16|int8]";

    /// <summary>How a model is computed where nothing rounds that need not: what goldens in float32 are held to.</summary>
    internal static ComputeOptions Exact { get; } = new() { Device = "cpu", Backend = "cpu", Dtype = "float32", KvDtype = "float32", Activations = "float32" };

    /// <summary>Runs every case and prints a line for each, with its largest errors.</summary>
    /// <param name="args">What follows <c>verify models</c>.</param>
    /// <param name="output">Where the lines go.</param>
    /// <returns>True only if there was at least one case and all hold.</returns>
    public static bool Run(IReadOnlyList<string> args, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        if (!TryParse(args, out string root, out ComputeOptions compute))
        {
            output.WriteLine($"usage: {Usage}");
            return false;
        }
        string golden = Path.Combine(root, "golden");
        if (!Directory.Exists(golden))
        {
            output.WriteLine($"{golden}: the folder does not exist; {root} should hold models/, or folders of other names, beside golden/");
            return false;
        }
        int cases = 0, failures = 0;
        foreach (string name in ModelsWithCases(golden))
        {
            foreach (CaseResult result in VerifyModel(root, name, compute))
            {
                output.WriteLine(result);
                output.Flush();
                cases++;
                failures += result.Holds ? 0 : 1;
            }
        }
        output.WriteLine($"{cases - failures} of {cases} cases hold in {compute.Dtype} on {compute.Device} ({compute.Backend}).");
        return cases > 0 && failures == 0;
    }

    /// <summary>Models that have cases: folders of the golden folder, or of its folders, which then name the kind of file.</summary>
    private static IEnumerable<string> ModelsWithCases(string golden) =>
        Directory.EnumerateFiles(golden, "cases.json", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 })
            .Select(cases => Path.GetRelativePath(golden, Path.GetDirectoryName(cases)!))
            .Order(StringComparer.Ordinal);

    /// <summary>Where a model lies: <c>golden/MODEL</c> beside <c>models/MODEL</c>, <c>golden/KIND/MODEL</c> beside <c>KIND/MODEL</c> or <c>KIND/MODEL.gguf</c>.</summary>
    private static string PathOf(string root, string name)
    {
        string path = Path.Combine(root, name.Contains(Path.DirectorySeparatorChar) ? name : Path.Combine("models", name));
        return Directory.Exists(path) || !File.Exists(path + ".gguf") ? path : path + ".gguf";
    }

    /// <summary>Runs every case of one model, or only the one of that name.</summary>
    internal static IEnumerable<CaseResult> VerifyModel(string root, string name, ComputeOptions compute, string? only = null)
    {
        Gemma4Model model;
        IReadOnlyList<GoldenCase> cases;
        string? refusal = null;
        try
        {
            Checkpoint checkpoint = Checkpoint.Open(PathOf(root, name));
            model = checkpoint.LoadModel(compute);
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
            var verifier = new CaseVerifier(model, AccuracyBars.For(compute.Dtype == "float32"));
            foreach (GoldenCase golden in cases.Where(c => only is null || c.Name == only))
                yield return verifier.Verify(golden);
            string routing = Path.Combine(root, "golden", name, "routing.safetensors");
            if (only is null && File.Exists(routing) && cases.FirstOrDefault(c => c.Name == "window") is { } window)
                yield return verifier.VerifyRouting(window, new TensorFile(routing));
        }
    }

    private static bool TryParse(IReadOnlyList<string> args, out string root, out ComputeOptions compute)
    {
        root = "";
        compute = Exact;
        for (int i = 0; i < args.Count; i++)
        {
            string? value = i + 1 < args.Count ? args[i + 1] : null;
            switch (args[i])
            {
                case "--dtype" when value is "float32" or "bfloat16":
                    compute = compute with { Dtype = value };
                    break;
                case "--device" when value is not null:
                    compute = compute with { Device = value };
                    break;
                case "--backend" when value is "cpu" or "torch":
                    compute = compute with { Backend = value };
                    break;
                case "--kv-dtype" when value is "float32" or "bfloat16" or "int8":
                    compute = compute with { KvDtype = value };
                    break;
                case var path when root.Length == 0 && !path.StartsWith('-'):
                    root = path;
                    continue;
                default:
                    return false;
            }
            i++;
        }
        return root.Length > 0;
    }
}
