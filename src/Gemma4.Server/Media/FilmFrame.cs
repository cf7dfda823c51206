using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>A frame of a film, ready for the model.</summary>
/// <param name="Time">When it is shown.</param>
/// <param name="Image">Its picture.</param>
internal sealed record FilmFrame(TimeSpan Time, PreparedImage Image);
