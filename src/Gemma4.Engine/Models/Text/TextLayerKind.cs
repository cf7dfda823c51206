using Gemma4.Engine.Backends;

namespace Gemma4.Engine.Models.Text;

/// <summary>What the layers of one kind share.</summary>
/// <param name="Group">What their rows see; of no KV group where none of them stores.</param>
/// <param name="Rotary">How far a position turns their heads.</param>
internal sealed record TextLayerKind(KvGroupView Group, RotaryFrequencies Rotary);
