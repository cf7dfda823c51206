namespace Gemma4.Engine.Execution;

/// <summary>How media are encoded beside text.</summary>
/// <param name="TimeShare">Time a step may take for media, as a share of the time that its text took.</param>
/// <param name="MaxTokensPerPass">Soft tokens of images that go through the tower together; one is always allowed.</param>
/// <param name="CacheBytes">Bytes of encoded media kept between steps.</param>
internal readonly record struct EncoderLimits(double TimeShare, int MaxTokensPerPass, long CacheBytes);
