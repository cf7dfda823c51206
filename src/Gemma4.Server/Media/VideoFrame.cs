using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>A frame of a video, ready for the model.</summary>
/// <param name="Time">When it is shown.</param>
/// <param name="Image">Its image.</param>
internal sealed record VideoFrame(TimeSpan Time, PreparedImage Image);
