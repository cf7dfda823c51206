using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Execution;

/// <summary>Where and in which dtype a model computes, resolved from the words of the options.</summary>
/// <param name="Device">A CPU or one CUDA device.</param>
/// <param name="Dtype">float32 or bfloat16.</param>
internal readonly record struct ComputeTarget(Device Device, ScalarType Dtype)
{
    /// <summary>Resolves the words.</summary>
    /// <param name="device"><c>auto</c> (CUDA where there is one), <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</param>
    /// <param name="dtype"><c>auto</c> (bfloat16 on CUDA, float32 on a CPU), <c>float32</c> or <c>bfloat16</c>.</param>
    /// <exception cref="ArgumentException">A word is unknown or the device is not there; names the option and the mend.</exception>
    public static ComputeTarget Resolve(string device, string dtype)
    {
        Device chosen = device switch
        {
            "cpu" => CPU,
            "auto" => cuda.is_available() ? CUDA : CPU,
            "cuda" => Cuda(0, device),
            _ when device.StartsWith("cuda:", StringComparison.Ordinal)
                && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int index) => Cuda(index, device),
            _ => throw new ArgumentException($"--device {device}: expected auto, cpu, cuda or cuda:n.", nameof(device)),
        };
        return new ComputeTarget(chosen, dtype switch
        {
            "float32" => ScalarType.Float32,
            "bfloat16" => ScalarType.BFloat16,
            "auto" => chosen.type == DeviceType.CUDA ? ScalarType.BFloat16 : ScalarType.Float32,
            _ => throw new ArgumentException($"--dtype {dtype}: expected auto, float32 or bfloat16.", nameof(dtype)),
        });
    }

    private static Device Cuda(int index, string word)
    {
        int count = cuda.is_available() ? cuda.device_count() : 0;
        if (index >= count)
        {
            throw new ArgumentException(
                $"--device {word}: libtorch sees {count} CUDA devices. Use --device cpu, or a build with -p:Gemma4Cuda=true on a machine with a driver.",
                nameof(word));
        }
        return device($"cuda:{index}");
    }
}
