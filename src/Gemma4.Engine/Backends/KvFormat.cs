namespace Gemma4.Engine.Backends;

/// <summary>How keys and values lie in the KV cache.</summary>
public enum KvFormat
{
    /// <summary>IEEE single precision: exact, and twice the memory.</summary>
    Float32,

    /// <summary>The upper half of a float32.</summary>
    BFloat16,

    /// <summary>Signed bytes with a float32 scale a head and position.</summary>
    Int8,
}
