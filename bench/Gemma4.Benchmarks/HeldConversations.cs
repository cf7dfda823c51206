using System.Text.Json.Nodes;
using Gemma4.Engine;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Benchmarks;

/// <summary>Conversations that a model was not trained on: a JSON object a line, whose last message is the answer.</summary>
internal static class HeldConversations
{
    /// <summary>Reads them as the model does.</summary>
    /// <param name="checkpoint">Its tokenizer and template.</param>
    /// <param name="file">The file.</param>
    /// <returns>Tokens of each, end of turn included, and where the answer's begin.</returns>
    /// <exception cref="InvalidOperationException">The model has no template.</exception>
    public static IEnumerable<(int[] Ids, int AnswerAt)> Read(Checkpoint checkpoint, string file)
    {
        Tokenizer tokenizer = checkpoint.LoadTokenizer();
        ChatRenderer chat = checkpoint.LoadChat(tokenizer) ?? throw new InvalidOperationException($"{checkpoint.Path} has no chat template.");
        return File.ReadLines(file).Select(line => Read(line, chat, tokenizer));
    }

    private static (int[] Ids, int AnswerAt) Read(string line, ChatRenderer chat, Tokenizer tokenizer)
    {
        JsonArray messages = JsonNode.Parse(line)!["messages"]!.AsArray();
        ChatMessage[] before = [.. messages.SkipLast(1).Select(m => new ChatMessage { Role = (string)m!["role"]!, Content = (string)m["content"]! })];
        string prompt = chat.Render(before).Text, answer = (string)messages[^1]!["content"]!;
        int[] promptIds = tokenizer.Encode(prompt);
        return ([.. promptIds, .. tokenizer.EncodeText(answer), tokenizer.Special.TurnEnd!.Value], promptIds.Length);
    }
}
