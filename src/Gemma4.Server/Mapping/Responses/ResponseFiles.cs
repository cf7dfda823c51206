using System.Collections.Immutable;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.Files;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Puts what files hold in the place of the parts that name them. Items are kept as they were sent: each turn reads its files again.</summary>
internal sealed class ResponseFiles(ReferredFiles reader)
{
    /// <summary>The conversation without references to files.</summary>
    /// <param name="conversation">Checked items.</param>
    /// <param name="numOwn">How many of them, the last ones, are the request's own.</param>
    /// <param name="files">The caller's files.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="ApiException">A file is not there, or nothing that the model takes.</exception>
    public async Task<ImmutableArray<ResponseItem>> ResolveAsync(
        ImmutableArray<ResponseItem> conversation, int numOwn, CallerFiles files, CancellationToken cancellationToken)
    {
        if (!conversation.Any(item => HasFile(item.Content) || HasFile(item.Output)))
            return conversation;
        ImmutableArray<ResponseItem>.Builder resolved = conversation.ToBuilder();
        for (int i = 0; i < resolved.Count; i++)
        {
            int own = i - (conversation.Length - numOwn);
            string path = own < 0 ? "input" : $"input[{own}]";
            resolved[i] = resolved[i] with
            {
                Content = await ResolveAsync(resolved[i].Content, $"{path}.content", files, cancellationToken),
                Output = await ResolveAsync(resolved[i].Output, $"{path}.output", files, cancellationToken),
            };
        }
        return resolved.ToImmutable();
    }

    private static bool HasFile(ResponseContent? content) => Array.Exists(content?.Parts ?? [], IsFile);

    private static bool IsFile(ResponsePart part) => part.Type == "input_file" || (part.Type == "input_image" && part.ImageUrl is null);

    private async Task<ResponseContent?> ResolveAsync(ResponseContent? content, string path, CallerFiles files, CancellationToken cancellationToken)
    {
        if (!HasFile(content))
            return content;
        var parts = (ResponsePart[])content!.Parts!.Clone();
        for (int p = 0; p < parts.Length; p++)
        {
            if (IsFile(parts[p]))
                parts[p] = await ResolveAsync(parts[p], $"{path}[{p}]", files, cancellationToken);
        }
        return new ResponseContent { Parts = parts };
    }

    private async Task<ResponsePart> ResolveAsync(ResponsePart part, string path, CallerFiles files, CancellationToken cancellationToken)
    {
        ReferredFile file = part.FileId is { } id
            ? await reader.ReadAsync(files, id, $"{path}.file_id", cancellationToken)
            : reader.Read(part.FileData!, part.Filename, $"{path}.file_data");
        if (part.Type == "input_image" && file is not ReferredFile.Image)
            throw Fault.UnsupportedValue($"{path}.file_id", $"The file '{part.FileId}' is not an image that this server reads.");
        return file switch
        {
            ReferredFile.Text text => new ResponsePart { Type = "input_text", Text = text.Content },
            ReferredFile.Image image => new ResponsePart { Type = "input_image", ImageUrl = image.Url, Detail = part.Detail, MaxSoftTokens = part.MaxSoftTokens },
            ReferredFile.Audio audio => new ResponsePart { Type = "input_audio", InputAudio = new InputAudio { Data = audio.Data, Format = "wav" } },
            ReferredFile.Video video => new ResponsePart { Type = "video_url", VideoUrl = new VideoUrl(new VideoUrlObject { Url = video.Url }), MaxSoftTokens = part.MaxSoftTokens },
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
