namespace Gemma4.Engine.Loading;

/// <summary>Undoes what a converter changed, in float32. What is changed is small.</summary>
internal static class WeightChanges
{
    private const int Channels = 3;

    /// <summary>Gives numbers back as they were published.</summary>
    /// <param name="change">What the converter did.</param>
    /// <param name="values">The whole tensor.</param>
    /// <param name="shape">Its published shape.</param>
    public static void Undo(WeightChange change, Span<float> values, ReadOnlySpan<long> shape)
    {
        switch (change)
        {
            case WeightChange.ChannelsFirst:
                for (int width = (int)shape[^1]; values.Length > 0; values = values[width..])
                    PixelsFirst(values[..width]);
                break;
            case WeightChange.Softplus:
                foreach (ref float value in values)
                    value = (float)InverseSoftplus(value);
                break;
            default:
                break;
        }
    }

    /// <summary>A patch's numbers from channel by channel to pixel by pixel.</summary>
    private static void PixelsFirst(Span<float> patch)
    {
        float[] planes = patch.ToArray();
        int pixels = planes.Length / Channels;
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            for (int channel = 0; channel < Channels; channel++)
                patch[pixel * Channels + channel] = planes[channel * pixels + pixel];
        }
    }

    /// <summary><c>ln(eʸ − 1)</c>, as <c>y + ln(1 − e⁻ʸ)</c>, which does not overflow.</summary>
    private static double InverseSoftplus(double y) => y + Math.Log(-ExpM1(-y));

    /// <summary><c>eˣ − 1</c> near 0, where the difference would lose its digits: Kahan's correction.</summary>
    private static double ExpM1(double x)
    {
        double u = Math.Exp(x);
        return u == 1 ? x : u - 1 == -1 ? -1 : (u - 1) * x / Math.Log(u);
    }
}
