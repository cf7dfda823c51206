using System.Buffers.Binary;
using System.Security.Cryptography;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Vision;

/// <summary>Turns an encoded image into the patches Gemma 4's vision tower reads.</summary>
/// <remarks>
/// <c>image_processing_gemma4.py</c> of transformers: first frame, EXIF orientation, RGB, antialiased bicubic to the budget's size, values
/// in 0..1, patches of 16 x 16. Stateless; runs on the request's own task.
/// </remarks>
public static class ImagePreprocessor
{
    /// <summary>Decodes, resizes and cuts an image.</summary>
    /// <param name="encoded">A PNG, JPEG, WebP, GIF (its first frame) or BMP file.</param>
    /// <param name="maxSoftTokens">70, 140, 280, 560 or 1120.</param>
    /// <param name="limits">What is refused, before it is decoded.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="cancellationToken">Stops between bands of rows.</param>
    /// <exception cref="RequestRejectedException">Not a budget, no readable image, or over a limit.</exception>
    public static unsafe PreparedImage Prepare(
        ReadOnlySpan<byte> encoded, int maxSoftTokens, ImageLimits limits, string? param = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(limits);
        SoftTokenBudget.Validate(maxSoftTokens, param);
        fixed (byte* file = encoded)
        {
            using PixelRows rows = ImageDecoder.Open(file, encoded.Length, limits, param);
            (int shownWidth, int shownHeight) = rows.Orientation.Shown(rows.Width, rows.Height);
            (int width, int height) = SoftTokenBudget.TargetSize(shownWidth, shownHeight, maxSoftTokens);
            float[] patches = GC.AllocateUninitializedArray<float>(width * height * 3);
            PatchResizer.Run(rows, width, height, patches, cancellationToken);
            return new PreparedImage(shownWidth, shownHeight, width, height, maxSoftTokens, Hash(encoded, maxSoftTokens), patches);
        }
    }

    /// <summary>Identifies a file at a budget: the first half of SHA-256, so that no one can craft an image that stands for another.</summary>
    /// <param name="encoded">The file.</param>
    /// <param name="maxSoftTokens">The budget.</param>
    public static UInt128 Hash(ReadOnlySpan<byte> encoded, int maxSoftTokens)
    {
        Span<byte> budget = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(budget, maxSoftTokens);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("image"u8);
        hash.AppendData(budget);
        hash.AppendData(encoded);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
