using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.Files;
using Gemma4.Server.Storage;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>Puts what files hold in the place of the sources that name them.</summary>
internal sealed class MessageFiles(ReferredFiles reader)
{
    /// <summary>The messages without sources of type <c>file</c> in blocks of users and in results of tools.</summary>
    /// <exception cref="ApiException">A file is not there, or not what its block is to be.</exception>
    public async Task<MessageTurn[]> ResolveAsync(MessageTurn[] messages, CallerFiles files, CancellationToken cancellationToken)
    {
        var resolved = (MessageTurn[])messages.Clone();
        for (int i = 0; i < resolved.Length; i++)
        {
            if (resolved[i].Content.Blocks is not { } blocks || !Array.Exists(blocks, HasFile))
                continue;
            blocks = (ContentBlock[])blocks.Clone();
            for (int b = 0; b < blocks.Length; b++)
                blocks[b] = await ResolveAsync(blocks[b], $"messages[{i}].content[{b}]", files, cancellationToken);
            resolved[i] = resolved[i] with { Content = new BlockContent { Blocks = blocks } };
        }
        return resolved;
    }

    private static bool HasFile(ContentBlock block) => IsFile(block.Source) || Array.Exists(block.Content?.Blocks ?? [], inner => IsFile(inner.Source));

    private static bool IsFile(BlockSource? source) => source?.Type == "file";

    private async Task<ContentBlock> ResolveAsync(ContentBlock block, string path, CallerFiles files, CancellationToken cancellationToken)
    {
        if (IsFile(block.Source))
        {
            (string type, BlockSource? source, VideoUrl? video) = await ResolveAsync(block.Type, block.Source!, $"{path}.source", files, cancellationToken);
            return block with { Type = type, Source = source, VideoUrl = video };
        }
        if (block.Content?.Blocks is not { } inner || !Array.Exists(inner, b => IsFile(b.Source)))
            return block;
        inner = (ResultBlock[])inner.Clone();
        for (int i = 0; i < inner.Length; i++)
        {
            if (!IsFile(inner[i].Source))
                continue;
            (string type, BlockSource? source, VideoUrl? video) = await ResolveAsync(inner[i].Type, inner[i].Source!, $"{path}.content[{i}].source", files, cancellationToken);
            inner[i] = inner[i] with { Type = type, Source = source, VideoUrl = video };
        }
        return block with { Content = new ResultContent { Blocks = inner } };
    }

    private async Task<(string Type, BlockSource? Source, VideoUrl? Video)> ResolveAsync(
        string type, BlockSource source, string path, CallerFiles files, CancellationToken cancellationToken)
    {
        string id = source.FileId ?? throw Fault.Missing($"{path}.file_id");
        ReferredFile file = await reader.ReadAsync(files, id, $"{path}.file_id", cancellationToken);
        switch (type, file)
        {
            case ("document", ReferredFile.Text text):
                return (type, new BlockSource { Type = "text", MediaType = "text/plain", Data = text.Content }, null);
            case ("document" or "image", ReferredFile.Image image):
                string[] halves = image.Url["data:".Length..].Split(";base64,", 2);
                return ("image", new BlockSource { Type = "base64", MediaType = halves[0], Data = halves[1] }, null);
            case ("document", ReferredFile.Video video):
                return ("video_url", null, new VideoUrl(new VideoUrlObject { Url = video.Url }));
            default:
                throw Fault.UnsupportedValue($"{path}.file_id", $"The file '{id}' is not what a block of type '{type}' holds: a document is text, an image or a video.");
        }
    }
}
