using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Vision;

/// <summary>The refusals of an image, with the codes OpenAI's API has for them.</summary>
internal static class ImageRejected
{
    public static RequestRejectedException Empty(string? param) =>
        Rejection("The image file is empty.", param, "empty_image_file");

    public static RequestRejectedException UnknownFormat(string? param) =>
        Rejection("You uploaded an unsupported image. Please make sure your image has one of the following formats: "
            + "['png', 'jpeg', 'gif', 'webp', 'bmp'].", param, "invalid_image_format");

    public static RequestRejectedException Unreadable(ImageFormat format, string what, string? param) =>
        Rejection($"The image data you provided does not represent a valid image: the {Name(format)} file is {what}.", param, "image_parse_error");

    public static RequestRejectedException FileTooLarge(long bytes, long limit, string? param) =>
        Rejection($"The image file has {bytes} bytes; at most {limit} are accepted.", param, "image_file_too_large");

    public static RequestRejectedException TooLarge(int width, int height, string limit, string? param) =>
        Rejection($"The image has {width}x{height} pixels; {limit}.", param, "image_too_large");

    public static RequestRejectedException TooNarrow(int width, int height, int ratio, string? param) =>
        Rejection($"The image has {width}x{height} pixels; its longer side may be at most {ratio} times its shorter one.", param, "invalid_image");

    private static string Name(ImageFormat format) => format is ImageFormat.Webp ? "WebP" : format.ToString().ToUpperInvariant();

    private static RequestRejectedException Rejection(string message, string? param, string code) =>
        new(RejectionReason.InvalidMedia, message, param, code);
}
