using Gemma4.Server.Errors;

namespace Gemma4.Server.Media;

/// <summary>What one request holds of the <see cref="MediaBudget"/>; returned when the request ends, which is when this is disposed.</summary>
internal sealed class MediaShare(MediaBudget budget) : IDisposable
{
    private long _held;

    /// <summary>Counts more bytes.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <exception cref="ApiException">429: there is no room now. 400: there never is, for so large a request.</exception>
    public void Take(long bytes, string param)
    {
        long maximum = budget.Bytes.MaxBytes;
        if (_held + bytes > maximum)
        {
            throw Fault.Of(
                $"The request's media need {_held + bytes} bytes or more once they are prepared; this server holds at most {maximum} "
                + "(option Media:MaxBytesInFlight). Send fewer, or ask for fewer soft tokens each.", param, "media_too_large");
        }
        if (!budget.Bytes.TryTake(bytes))
        {
            throw new ApiException(ErrorTable.TooManyRequests(
                $"The media of the requests being served hold {budget.Bytes.Held} of at most {maximum} bytes (option Media:MaxBytesInFlight); try again later."));
        }
        _held += bytes;
    }

    /// <summary>Gives back what turned out not to be needed.</summary>
    public void Return(long bytes)
    {
        _held -= bytes;
        budget.Bytes.Return(bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => Return(_held);
}
