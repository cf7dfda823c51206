using System.Globalization;
using System.Text.RegularExpressions;
using Gemma4.Engine.Chat;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.Media;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping.Audio;

/// <summary>Reads and checks the form of a transcription.</summary>
internal sealed partial class TranscriptionForm(ModelNames names, IOptions<MediaAccessOptions> media, IOptions<ApiOptions> api)
{
    private static readonly string[] Formats = ["json", "text", "srt", "verbose_json", "vtt"];
    private static readonly string[] Read = ["file", "model", "response_format", "language", "prompt", "temperature", "stream", "timestamp_granularities"];
    private static readonly string[] Refused = ["include", "chunking_strategy", "known_speaker_names", "known_speaker_references", "languages", "keywords"];

    /// <param name="context">The request.</param>
    /// <param name="isTranslation">Whether it asks for a translation.</param>
    /// <exception cref="ApiException">The first fault.</exception>
    public async Task<TranscriptionRequest> ReadAsync(HttpContext context, bool isTranslation)
    {
        if (!context.Request.HasFormContentType)
            throw Fault.Of("This endpoint takes a form: Content-Type must be multipart/form-data.", null, "unsupported_content_type");
        IFormCollection form;
        try
        {
            form = await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (InvalidDataException exception)
        {
            throw Fault.Of($"The form could not be read: {exception.Message}");
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            // The multipart reader's word for a body that ends before its last boundary; Kestrel's own faults keep their status.
            throw Fault.Of("The form could not be read: it ends before its closing boundary.");
        }
        string model = form["model"].ToString();
        if (model.Length == 0)
            throw ChatModelFaults.Instance.Missing()!;
        ServedModels.Check(context, names, model, ChatModelFaults.Instance);
        IFormFile file = form.Files.GetFile("file") ?? throw Fault.Missing("file");
        string format = Text(form, "response_format") ?? "json";
        if (!Formats.Contains(format))
            throw Fault.Value("response_format", format, Formats);
        CheckOthers(form);
        bool streams = Flag(form, "stream");
        if (streams && format is not ("json" or "text"))
            throw Fault.UnsupportedValue("stream", $"Unsupported value: 'stream' with a response_format of '{format}'; only json and text are streamed.");
        await using Stream stream = file.OpenReadStream();
        return new TranscriptionRequest
        {
            IsTranslation = isTranslation,
            ResponseFormat = format,
            Language = Language(form),
            Prompt = Text(form, "prompt"),
            Temperature = Temperature(form),
            Streams = streams,
            File = await LimitedReader.ReadAllAsync(stream, file.Length, MediaKind.Audio, media.Value.MaxAudioBytes, "file", context.RequestAborted),
        };
    }

    /// <summary>Fields that cannot be honoured are refused; those nobody knows only where the server is strict.</summary>
    private void CheckOthers(IFormCollection form)
    {
        foreach (string granularity in form["timestamp_granularities[]"].Concat(form["timestamp_granularities"]).OfType<string>())
        {
            if (granularity == "word")
                throw Fault.UnsupportedValue("timestamp_granularities", "Unsupported value: 'word'. This server tells the times of segments only.");
            if (granularity != "segment")
                throw Fault.Value("timestamp_granularities", granularity, ["segment"]);
        }
        foreach (string name in form.Keys.Concat(form.Files.Select(f => f.Name)))
        {
            string field = name.EndsWith("[]", StringComparison.Ordinal) ? name[..^2] : name;
            bool isAutomatic = field == "chunking_strategy" && form[name] is ["auto" or ""];
            if (Refused.Contains(field) && !isAutomatic)
                throw Fault.UnsupportedParameter(field, "is not supported by this server.");
            if (api.Value.StrictParams && !Refused.Contains(field) && !Read.Contains(field))
                throw Fault.Unknown(name, isTopLevel: true);
        }
    }

    /// <summary>It becomes a word of the instruction, so it must be one.</summary>
    private static string? Language(IFormCollection form)
    {
        string? language = Text(form, "language");
        return language is null || LanguageTag().IsMatch(language)
            ? language
            : throw Fault.Of("Invalid 'language': expected a language as in 'en' or 'pt-BR'.", "language", "invalid_value");
    }

    /// <summary>The likeliest words unless told otherwise: a transcript is no place for invention.</summary>
    private static double Temperature(IFormCollection form)
    {
        if (Text(form, "temperature") is not { } text)
            return 0;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is >= 0 and <= 1
            ? value
            : throw Fault.Value("temperature", text, ["0 to 1"]);
    }

    private static bool Flag(IFormCollection form, string name) => Text(form, name) switch
    {
        null or "false" or "False" or "0" => false,
        "true" or "True" or "1" => true,
        string other => throw Fault.Value(name, other, ["true", "false"]),
    };

    private static string? Text(IFormCollection form, string name) => form[name].ToString() is { Length: > 0 } text ? text : null;

    [GeneratedRegex("^[A-Za-z]{2,20}(-[A-Za-z0-9]{1,8})*$")]
    private static partial Regex LanguageTag();
}
