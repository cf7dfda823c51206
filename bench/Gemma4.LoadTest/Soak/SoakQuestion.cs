using System.Text;
using System.Text.Json.Nodes;

namespace Gemma4.LoadTest.Soak;

/// <summary>A request at temperature 0, which has one right answer.</summary>
/// <param name="Kind">What it is, in the report.</param>
/// <param name="Path">Where it goes.</param>
/// <param name="Reader">Reads its answer.</param>
internal sealed record SoakQuestion(string Kind, string Path, IAnswerReader Reader)
{
    /// <summary>The body; null for a form.</summary>
    public JsonObject? Body { get; init; }

    /// <summary>An audio file to be written down; null for a body.</summary>
    public byte[]? Form { get; init; }

    /// <summary>What it is answered alone; null until it was asked.</summary>
    public string? Alone { get; set; }

    /// <summary>Whether it can be streamed.</summary>
    public bool CanStream => Form is null;

    /// <summary>What is sent.</summary>
    public HttpContent Content(bool stream)
    {
        if (Form is not null)
        {
            return new MultipartFormDataContent
            {
                { new StringContent(SoakQuestions.Model), "model" },
                { new ByteArrayContent(Form), "file", "digits.wav" },
            };
        }
        var body = (JsonObject)Body!.DeepClone();
        body["stream"] = stream;
        return new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
    }
}
