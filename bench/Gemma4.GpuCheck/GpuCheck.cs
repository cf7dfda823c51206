using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Engine.Configuration;
using Gemma4.Verification;

namespace Gemma4.GpuCheck;

/// <summary>Runs the checks one after the other and writes what they found after each, so that a crash or a time limit loses only the last.</summary>
internal sealed class GpuCheck(GpuCheckArguments arguments)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly JsonArray _goldens = [];
    private readonly JsonArray _shapes = [];
    private readonly JsonArray _faults = [];
    private readonly JsonArray _leftOut = [];

    /// <returns>True if all goldens hold and nothing failed or was left out.</returns>
    public bool Run()
    {
        foreach ((string dtype, string folder) in arguments.Goldens)
            Step($"goldens {dtype} {folder}", () => _goldens.Add(Goldens(dtype, folder)));
        foreach (string folder in arguments.Shapes)
            Step($"shape {folder}", () => _shapes.Add(new ShapeCheck(arguments.Device, folder).Run()));
        return _faults.Count == 0 && _leftOut.Count == 0 && _goldens.All(g => (int)g!["failed"]!.AsArray().Count == 0);
    }

    private void Step(string what, Action run)
    {
        Console.WriteLine(what);
        if (Stopwatch.GetElapsedTime(_started).TotalSeconds > arguments.Seconds)
        {
            _leftOut.Add(what);
        }
        else
        {
            try
            {
                run();
            }
            catch (Exception fault)      // one model too large for the card must not hide what the others did
            {
                Console.Error.WriteLine(fault);
                _faults.Add(new JsonObject { ["step"] = what, ["fault"] = fault.Message });
            }
        }
        var report = new JsonObject
        {
            ["device"] = arguments.Device,
            ["written"] = DateTime.UtcNow.ToString("u"),
            ["seconds"] = Math.Round(Stopwatch.GetElapsedTime(_started).TotalSeconds, 1),
            ["goldens"] = _goldens.DeepClone(),
            ["shapes"] = _shapes.DeepClone(),
            ["faults"] = _faults.DeepClone(),
            ["left_out"] = _leftOut.DeepClone(),
        };
        File.WriteAllText(arguments.Output, report.ToJsonString(Indented));
    }

    private JsonObject Goldens(string dtype, string folder)
    {
        ComputeOptions compute = ModelVerifier.Exact with { Device = arguments.Device, Backend = "torch", Dtype = dtype, KvDtype = dtype };
        int cases = 0;
        var failed = new JsonArray();
        foreach (string model in Directory.EnumerateDirectories(Path.Combine(folder, "golden")).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal))
        {
            if (!File.Exists(Path.Combine(folder, "golden", model, "cases.json")))
                continue;
            foreach (CaseResult result in ModelVerifier.VerifyModel(folder, model, compute))
            {
                Console.WriteLine(result);
                cases++;
                if (!result.Holds)
                    failed.Add(result.ToString());
            }
        }
        return new JsonObject { ["folder"] = Path.GetFileName(folder), ["dtype"] = dtype, ["cases"] = cases, ["failed"] = failed };
    }
}
