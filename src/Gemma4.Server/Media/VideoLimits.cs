using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>What a video file may be before anything of it is decoded.</summary>
internal static class VideoLimits
{
    /// <exception cref="RequestRejectedException">Too large, too narrow or too long.</exception>
    public static void Check(VideoFacts facts, MediaAccessOptions options, string param)
    {
        if ((long)facts.Width * facts.Height > options.MaxImagePixels)
            throw Refused(facts, $"at most {options.MaxImagePixels} are accepted", param);
        ImageLimits images = ImageLimits.Default;
        if (Math.Max(facts.Width, facts.Height) > images.MaxSide)
            throw Refused(facts, $"no side may be longer than {images.MaxSide}", param);
        if (Math.Max(facts.Width, facts.Height) > (long)Math.Min(facts.Width, facts.Height) * images.MaxAspectRatio)
            throw Refused(facts, $"no side may be more than {images.MaxAspectRatio} times the other", param);
        // A video's clock may go as slowly as it likes; a time that no clock shows tells the model nothing.
        if (facts.NumFrames / facts.FramesPerSecond > FrameSampling.LongestVideo.TotalSeconds)
            throw MediaRejected.Video($"The video is longer than {FrameSampling.LongestVideo.TotalHours:0} hours.", param);
    }

    private static RequestRejectedException Refused(VideoFacts facts, string why, string param) =>
        MediaRejected.Video($"The video has {facts.Width}x{facts.Height} pixels; {why}.", param);
}
