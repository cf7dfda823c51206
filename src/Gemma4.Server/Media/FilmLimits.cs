using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>What a film file may be before anything of it is decoded.</summary>
internal static class FilmLimits
{
    /// <exception cref="RequestRejectedException">Too large, too narrow or too long.</exception>
    public static void Check(FilmFacts facts, MediaAccessOptions options, string param)
    {
        if ((long)facts.Width * facts.Height > options.MaxImagePixels)
            throw Refused(facts, $"at most {options.MaxImagePixels} are accepted", param);
        ImageLimits pictures = ImageLimits.Default;
        if (Math.Max(facts.Width, facts.Height) > pictures.MaxSide)
            throw Refused(facts, $"no side may be longer than {pictures.MaxSide}", param);
        if (Math.Max(facts.Width, facts.Height) > (long)Math.Min(facts.Width, facts.Height) * pictures.MaxAspectRatio)
            throw Refused(facts, $"no side may be more than {pictures.MaxAspectRatio} times the other", param);
        // A film's clock may go as slowly as it likes; a time that no clock shows tells the model nothing.
        if (facts.NumFrames / facts.FramesPerSecond > FrameSampling.LongestFilm.TotalSeconds)
            throw MediaRejected.Film($"The film is longer than {FrameSampling.LongestFilm.TotalHours:0} hours.", param);
    }

    private static RequestRejectedException Refused(FilmFacts facts, string why, string param) =>
        MediaRejected.Film($"The film has {facts.Width}x{facts.Height} pixels; {why}.", param);
}
