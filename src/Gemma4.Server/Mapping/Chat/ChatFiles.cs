using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.Files;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.Storage;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Puts what files hold in the place of the parts that name them: text, an image, an audio clip or a video.</summary>
internal sealed class ChatFiles(ReferredFiles reader)
{
    /// <summary>The messages without parts of type <c>file</c>, where such may stand.</summary>
    /// <exception cref="ApiException">A file is not there, or nothing that the model takes.</exception>
    public async Task<ChatMessageDto[]> ResolveAsync(ChatMessageDto[] messages, CallerFiles files, CancellationToken cancellationToken)
    {
        if (!Array.Exists(messages, HasFile))
            return messages;
        var resolved = (ChatMessageDto[])messages.Clone();
        for (int i = 0; i < resolved.Length; i++)
        {
            if (!HasFile(resolved[i]))
                continue;
            var parts = (ContentPart[])resolved[i].Content!.Parts!.Clone();
            for (int p = 0; p < parts.Length; p++)
            {
                if (parts[p].Type == "file")
                    parts[p] = await ResolveAsync(parts[p], $"messages[{i}].content[{p}].file", files, cancellationToken);
            }
            resolved[i] = resolved[i] with { Content = new MessageContent { Parts = parts } };
        }
        return resolved;
    }

    /// <summary>Who else may not send files is told with the other parts that they may not send.</summary>
    private static bool HasFile(ChatMessageDto message) => message.Role is "user" or "tool" && Array.Exists(message.Content?.Parts ?? [], part => part.Type == "file");

    private async Task<ContentPart> ResolveAsync(ContentPart part, string path, CallerFiles files, CancellationToken cancellationToken)
    {
        FileReference named = part.File ?? throw Fault.Missing(path);
        if (named.FileId is null == named.FileData is null)
            throw Fault.Of($"'{path}' needs either 'file_id' or 'file_data'.", path, "invalid_parameter_combination");
        ReferredFile file = named.FileId is { } id
            ? await reader.ReadAsync(files, id, $"{path}.file_id", cancellationToken)
            : reader.Read(named.FileData!, named.Filename, $"{path}.file_data");
        return file switch
        {
            ReferredFile.Text text => new ContentPart { Type = "text", Text = text.Content },
            ReferredFile.Image image => new ContentPart { Type = "image_url", ImageUrl = new ImageUrl(new ImageUrlObject { Url = image.Url }), MaxSoftTokens = part.MaxSoftTokens },
            ReferredFile.Audio audio => new ContentPart { Type = "input_audio", InputAudio = new InputAudio { Data = audio.Data, Format = "wav" } },
            ReferredFile.Video video => new ContentPart { Type = "video_url", VideoUrl = new VideoUrl(new VideoUrlObject { Url = video.Url }), MaxSoftTokens = part.MaxSoftTokens },
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
