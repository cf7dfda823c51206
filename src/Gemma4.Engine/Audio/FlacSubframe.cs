namespace Gemma4.Engine.Audio;

/// <summary>Decodes one channel of a FLAC frame: a constant, plain samples, or a prediction and its Rice-coded errors.</summary>
/// <remarks>RFC 9639, section 9.2. Sums are kept in 64 bits, so that no input can overflow into a wrong index or a trap.</remarks>
internal static class FlacSubframe
{
    private static readonly int[][] FixedCoefficients = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

    /// <summary>Decodes <c>samples.Length</c> samples of <paramref name="bits"/> bits each.</summary>
    public static void Decode(ref FlacBits reader, int bits, Span<long> samples)
    {
        if (reader.Read(1) != 0)
            throw new UnreadableAudioException("damaged (subframe padding)");
        int type = (int)reader.Read(6);
        int wasted = reader.Read(1) == 0 ? 0 : reader.ReadUnary() + 1;
        bits -= wasted;
        if (bits < 1)
            throw new UnreadableAudioException("damaged (wasted bits)");
        switch (type)
        {
            case 0:
                samples.Fill(reader.ReadSigned(bits));
                break;
            case 1:
                foreach (ref long sample in samples)
                    sample = reader.ReadSigned(bits);
                break;
            case >= 8 and <= 12:
                Predicted(ref reader, bits, samples, FixedCoefficients[type - 8], order: type - 8, shift: 0);
                break;
            case >= 32:
                Predicted(ref reader, bits, samples, coefficients: null, order: type - 31, shift: 0);
                break;
            default:
                throw new UnreadableAudioException("damaged (subframe type)");
        }
        if (wasted > 0)
        {
            foreach (ref long sample in samples)
                sample <<= wasted;
        }
    }

    private static void Predicted(ref FlacBits reader, int bits, Span<long> samples, scoped ReadOnlySpan<int> coefficients, int order, int shift)
    {
        if (order > samples.Length)
            throw new UnreadableAudioException("damaged (predictor order)");
        for (int i = 0; i < order; i++)
            samples[i] = reader.ReadSigned(bits);
        Span<int> read = stackalloc int[32];
        if (order > 0 && coefficients.IsEmpty)
        {
            int precision = (int)reader.Read(4) + 1;
            shift = (int)reader.ReadSigned(5);
            if (precision == 16 || shift < 0)
                throw new UnreadableAudioException("damaged (predictor)");
            for (int i = 0; i < order; i++)
                read[i] = (int)reader.ReadSigned(precision);
            coefficients = read[..order];
        }
        Residual(ref reader, order, samples);
        for (int i = order; i < samples.Length; i++)
        {
            long prediction = 0;
            for (int k = 0; k < order; k++)
                prediction += coefficients[k] * samples[i - 1 - k];
            samples[i] += prediction >> shift;
        }
    }

    /// <summary>Writes the prediction errors where the samples will stand.</summary>
    private static void Residual(ref FlacBits reader, int order, Span<long> samples)
    {
        int method = (int)reader.Read(2);
        if (method > 1)
            throw new UnreadableAudioException("damaged (residual coding)");
        int parameterBits = 4 + method, escape = (1 << parameterBits) - 1;
        int partitions = 1 << (int)reader.Read(4);
        int length = samples.Length / partitions;
        if (length * partitions != samples.Length || length < order)
            throw new UnreadableAudioException("damaged (residual partitions)");
        for (int p = 0; p < partitions; p++)
        {
            Span<long> part = samples[(p == 0 ? order : p * length)..((p + 1) * length)];
            int parameter = (int)reader.Read(parameterBits);
            if (parameter == escape)
            {
                int plain = (int)reader.Read(5);
                foreach (ref long error in part)
                    error = plain == 0 ? 0 : reader.ReadSigned(plain);
                continue;
            }
            foreach (ref long error in part)
                error = reader.ReadRice(parameter);
        }
    }
}
