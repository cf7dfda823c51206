namespace Gemma4.Engine.Backends.Cpu;

/// <summary>How text is computed on the CPU.</summary>
/// <param name="NumThreads">Threads, the engine's own included; at least 1.</param>
/// <param name="RoundsToBFloat16">True where weights that are stored in float32 are rounded to bfloat16, which halves what a token reads.</param>
/// <param name="KvFormat">How keys and values are stored.</param>
internal sealed record CpuOptions(int NumThreads, bool RoundsToBFloat16 = false, KvFormat KvFormat = KvFormat.BFloat16);
