namespace Gemma4.Engine.Simulation;

/// <summary>What a machine gives the model: figures as measured with real steps, not those of a data sheet.</summary>
/// <param name="BytesPerSecond">Weights, keys and values read from memory.</param>
/// <param name="ProductsPerSecond">Multiplications with their additions.</param>
/// <param name="Overlap">How far reading and computing go on at the same time: 1, the shorter is hidden behind the longer; 0, one after the other.</param>
/// <param name="StepOverhead">What a step costs beside them: hand-overs between threads or launches of kernels, sampling.</param>
public sealed record MachineSpeed(double BytesPerSecond, double ProductsPerSecond, double Overlap, TimeSpan StepOverhead);
