using Gemma4.Engine.Requests;

namespace Gemma4.Server.Streaming;

/// <summary>An event of one of a generation's sequences.</summary>
/// <param name="Index">Which sequence, from 0.</param>
/// <param name="Event">What happened.</param>
internal readonly record struct SequenceEvent(int Index, GenerationEvent Event);
