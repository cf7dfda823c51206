using System.Globalization;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Execution;

/// <summary>Makes the backend that the options name.</summary>
internal static class BackendFactory
{
    /// <summary>Resolves the words; <c>auto</c> is our own kernels on a CPU, and bfloat16 with libtorch on a CUDA device.</summary>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="ArgumentException">A word is unknown, the device is not there, or two words exclude each other; names the option and the mend.</exception>
    public static Backend Create(ComputeOptions options)
    {
        int? cuda = CudaIndex(options.Device);
        bool torch = options.Backend switch
        {
            "auto" => cuda is not null,
            "cpu" when cuda is null => false,
            "cpu" => throw new ArgumentException($"--backend cpu computes on a CPU, and --device {options.Device} is none. Use --device cpu.", nameof(options)),
            "torch" => true,
            _ => throw new ArgumentException($"--backend {options.Backend}: expected auto, cpu or torch.", nameof(options)),
        };
        bool rounds = Word(options.Dtype, "--dtype", ("auto", cuda is not null), ("float32", false), ("bfloat16", true));
        KvFormat? kv = Word<KvFormat?>(
            options.KvDtype, "--kv-dtype", ("auto", null), ("float32", KvFormat.Float32), ("bfloat16", KvFormat.BFloat16), ("int8", KvFormat.Int8));
        Quantization quantization = Word(options.Quantization, "--quantization", ("none", Quantization.None), ("int8", Quantization.Int8), ("int4", Quantization.Int4));
        int threads = options.Threads ?? PhysicalCores.Count();
        if (torch)
        {
            if (!LibTorch.IsPresent)
                throw new ArgumentException($"--backend torch: {LibTorch.Absence}. Use --backend cpu.", nameof(options));
            if (quantization != Quantization.None)
                throw new ArgumentException($"--quantization {options.Quantization}: --backend torch computes with unrounded weights. Use --quantization none, or --backend cpu.", nameof(options));
            return new TorchBackend(new TorchOptions(threads) { CudaIndex = cuda, RoundsToBFloat16 = rounds, KvFormat = kv });
        }
        return new CpuBackend(new CpuOptions(threads)
        {
            RoundsToBFloat16 = rounds,
            KvFormat = kv ?? KvFormat.BFloat16,
            Quantization = quantization,
            ExactActivations = Word(options.Activations, "--activations", ("auto", false), ("float32", true)),
            Kernels = Word(
                options.Kernels, "--kernels", ("auto", KernelChoice.Auto), ("portable", KernelChoice.Portable), ("avx2", KernelChoice.Avx2),
                ("avx512", KernelChoice.Avx512), ("avx512-vnni", KernelChoice.Avx512Vnni)),
        });
    }

    /// <summary>What a word of an option means.</summary>
    private static T Word<T>(string word, string option, params ReadOnlySpan<(string Word, T Meaning)> words)
    {
        foreach ((string known, T meaning) in words)
        {
            if (known == word)
                return meaning;
        }
        string[] expected = [.. words.ToArray().Select(w => w.Word)];
        throw new ArgumentException($"{option} {word}: expected {string.Join(", ", expected[..^1])} or {expected[^1]}.", nameof(word));
    }

    private static int? CudaIndex(string device)
    {
        switch (device)
        {
            case "cpu":
                return null;
            case "auto":
                return CudaDevices.Count > 0 ? 0 : null;
            case "cuda":
                return Require(0, device);
            default:
                if (device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
                    return Require(index, device);
                throw new ArgumentException($"--device {device}: expected auto, cpu, cuda or cuda:n.", nameof(device));
        }
    }

    private static int Require(int index, string word) => index < CudaDevices.Count
        ? index
        : throw new ArgumentException(
            !LibTorch.IsPresent ? $"--device {word}: {LibTorch.Absence}. Use --device cpu." :
            $"--device {word}: libtorch sees {CudaDevices.Count} CUDA devices. Use --device cpu, or a build with -p:Gemma4Cuda=true on a machine with a driver.",
            nameof(word));
}
