using System.Text.Json.Serialization;
using Gemma4.Server.OpenAI.Audio;
using Gemma4.Server.OpenAI.Batches;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.OpenAI.Completions;
using Gemma4.Server.OpenAI.Conversations;
using Gemma4.Server.OpenAI.Files;
using Gemma4.Server.OpenAI.Models;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.OpenAI.Tokens;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI;

/// <summary>Source-generated JSON metadata of all DTOs.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(ChatCompletionRequest))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatCompletionChunk))]
[JsonSerializable(typeof(ChatCompletionChunkWithUsage))]
[JsonSerializable(typeof(ContentPart[]))]
[JsonSerializable(typeof(ImageUrlObject))]
[JsonSerializable(typeof(VideoUrlObject))]
[JsonSerializable(typeof(AudioUrlObject))]
[JsonSerializable(typeof(ToolChoiceObject))]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(TextCompletion))]
[JsonSerializable(typeof(TextCompletionWithUsage))]
[JsonSerializable(typeof(PromptItem[]))]
[JsonSerializable(typeof(Transcription))]
[JsonSerializable(typeof(VerboseTranscription))]
[JsonSerializable(typeof(TranscriptionEvent))]
[JsonSerializable(typeof(TokenizeRequest))]
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeRequest))]
[JsonSerializable(typeof(DetokenizeResponse))]
[JsonSerializable(typeof(RenderResponse))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(ResponseRequest))]
[JsonSerializable(typeof(ResponseItem[]))]
[JsonSerializable(typeof(ResponsePart[]))]
[JsonSerializable(typeof(ResponseToolChoiceObject))]
[JsonSerializable(typeof(ResponseObject))]
[JsonSerializable(typeof(ResponseStreamEvent))]
[JsonSerializable(typeof(ResponseItemList))]
[JsonSerializable(typeof(ResponseDeleted))]
[JsonSerializable(typeof(ResponseInputTokens))]
[JsonSerializable(typeof(ResponseItem))]
[JsonSerializable(typeof(ResponseConversationObject))]
[JsonSerializable(typeof(ConversationRequest))]
[JsonSerializable(typeof(ConversationUpdate))]
[JsonSerializable(typeof(ConversationItems))]
[JsonSerializable(typeof(Conversation))]
[JsonSerializable(typeof(ConversationDeleted))]
[JsonSerializable(typeof(ChatMessageDto))]
[JsonSerializable(typeof(ChatCompletionUpdate))]
[JsonSerializable(typeof(ChatCompletionList))]
[JsonSerializable(typeof(ChatCompletionDeleted))]
[JsonSerializable(typeof(StoredMessageList))]
[JsonSerializable(typeof(StoredFile))]
[JsonSerializable(typeof(StoredFileList))]
[JsonSerializable(typeof(StoredFileDeleted))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(Batch))]
[JsonSerializable(typeof(BatchList))]
[JsonSerializable(typeof(TokenLogprobDto[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, System.Text.Json.JsonElement>))]
[JsonSerializable(typeof(int[]))]
internal sealed partial class OpenAIJsonContext : JsonSerializerContext;
