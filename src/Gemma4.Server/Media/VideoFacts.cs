using System.Globalization;
using System.Text.Json;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>What <c>ffprobe</c> tells of a video's first video stream.</summary>
/// <param name="NumFrames">Packets of the stream, each of which is a frame.</param>
/// <param name="FramesPerSecond">On average.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
internal sealed record VideoFacts(int NumFrames, double FramesPerSecond, int Width, int Height)
{
    /// <summary>The fields asked for.</summary>
    public const string Entries = "stream=width,height,avg_frame_rate,nb_read_packets";

    /// <summary>Reads its JSON.</summary>
    /// <returns>Null when there is no stream with frames, or the answer is none.</returns>
    public static VideoFacts? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (!document.RootElement.TryGetProperty("streams", out JsonElement streams) || streams.GetArrayLength() == 0)
                return null;
            JsonElement stream = streams[0];
            int frames = int.Parse(stream.GetProperty("nb_read_packets").GetString()!, CultureInfo.InvariantCulture);
            var facts = new VideoFacts(
                frames, Rate(stream.GetProperty("avg_frame_rate").GetString()!), stream.GetProperty("width").GetInt32(), stream.GetProperty("height").GetInt32());
            return facts is { NumFrames: > 0, Width: > 0, Height: > 0 } ? facts : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or OverflowException or InvalidOperationException)
        {
            return null; // not an answer about a video
        }
    }

    /// <summary>A fraction, <c>30000/1001</c>; <c>0/0</c> where the file does not say.</summary>
    private static double Rate(string fraction)
    {
        string[] parts = fraction.Split('/');
        double rate = double.Parse(parts[0], CultureInfo.InvariantCulture) / (parts.Length > 1 ? double.Parse(parts[1], CultureInfo.InvariantCulture) : 1);
        return double.IsFinite(rate) && rate > 0 ? rate : FrameSampling.DefaultFramesPerSecond;
    }
}
