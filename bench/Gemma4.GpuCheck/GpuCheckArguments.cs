using System.Globalization;

namespace Gemma4.GpuCheck;

/// <summary>What is checked, and where.</summary>
/// <param name="Output">The JSON file that is written.</param>
internal sealed record GpuCheckArguments(string Output)
{
    public const string Usage = """
        Gemma4.GpuCheck OUT.json [--device cuda|cuda:n|cpu] [--seconds N] [--goldens float32|bfloat16 DIR]... [--shape DIR]...
          --goldens   a folder laid out like tests/fixtures: every case is run in that dtype
          --shape     a folder with config.json: speeds of that text model in bfloat16, with random weights
          --seconds   what has not begun by then is left out (450)
        """;

    public string Device { get; private init; } = "cuda";

    public int Seconds { get; private init; } = 450;

    public IReadOnlyList<(string Dtype, string Folder)> Goldens { get; private init; } = [];

    public IReadOnlyList<string> Shapes { get; private init; } = [];

    public static GpuCheckArguments? TryParse(string[] args)
    {
        if (args.Length == 0 || args[0].StartsWith('-'))
            return null;
        var parsed = new GpuCheckArguments(args[0]);
        for (int i = 1; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--device" when i + 1 < args.Length:
                    parsed = parsed with { Device = args[++i] };
                    break;
                case "--seconds" when i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds):
                    parsed = parsed with { Seconds = seconds };
                    i++;
                    break;
                case "--goldens" when i + 2 < args.Length && args[i + 1] is "float32" or "bfloat16":
                    parsed = parsed with { Goldens = [.. parsed.Goldens, (args[i + 1], args[i + 2])] };
                    i += 2;
                    break;
                case "--shape" when i + 1 < args.Length:
                    parsed = parsed with { Shapes = [.. parsed.Shapes, args[++i]] };
                    break;
                default:
                    return null;
            }
        }
        return parsed;
    }
}
