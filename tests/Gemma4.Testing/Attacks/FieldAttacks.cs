using static Gemma4.Testing.Attacks.Attack;
using static Gemma4.Testing.Attacks.Outcome;

namespace Gemma4.Testing.Attacks;

/// <summary>Values of fields at their extremes.</summary>
internal static class FieldAttacks
{
    private const int VocabularySize = 2048;

    public static IEnumerable<Attack> All =>
    [
        Chat("n of 129", "\"n\":129", Refused("n", "integer_above_max_value")),
        Chat("n of 0", "\"n\":0", Refused("n", "integer_below_min_value")),
        Chat("n of a billion", "\"n\":1000000000", Refused("n", "integer_above_max_value")),
        Chat("n past 64 bits", "\"n\":99999999999999999999999", Refused("n")),
        Chat("n of one and a half", "\"n\":1.5", Refused("n")),
        Chat("n of true", "\"n\":true", Refused("n", "invalid_type")),
        Chat("128 answers", "\"n\":128", Valid).OfMuchWork(),
        Chat("max_tokens of 0", "\"max_completion_tokens\":0", Refused("max_completion_tokens")),
        Chat("temperature of 1e400", "\"temperature\":1e400", Refused("temperature")),
        Chat("temperature of NaN", "\"temperature\":NaN", Refused()),
        Chat("temperature of 1e-300", "\"temperature\":1e-300", Valid),
        Chat("temperature of -0", "\"temperature\":-0.0", Valid),
        Chat("top_p of 0", "\"top_p\":0", Valid),
        Chat("top_k of the largest", "\"top_k\":2147483647", Valid),
        Chat("min_p of 1", "\"min_p\":1", Valid),
        Chat("repetition_penalty of 1e-9", "\"repetition_penalty\":1e-9", Refused("repetition_penalty")),
        Chat("repetition_penalty of 100", "\"repetition_penalty\":100", Valid),
        Chat("seed past 64 bits", "\"seed\":9223372036854775808", Refused("seed")),
        Chat("seed of the smallest", "\"seed\":-9223372036854775808", Valid),
        Chat("logprobs at most", "\"logprobs\":true,\"top_logprobs\":20,\"n\":64", Valid).OfMuchWork(),
        Chat("21 logprobs", "\"logprobs\":true,\"top_logprobs\":21", Refused("top_logprobs")),
        Chat("five stops", "\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", Refused("stop", "array_above_max_length")),
        Chat("empty stops", "\"stop\":[\"\",\"\",\"\",\"\"]", new Outcome(200, 400)),
        Chat("four stops of half a megabyte", () => $"\"stop\":[{string.Join(',', Enumerable.Range(0, 4).Select(i => $"\"{new string('a', 500_000)}{i}\""))}]", new Outcome(200, 400)),
        Chat("a stop token of -1", "\"stop_token_ids\":[-1]", Refused("stop_token_ids")),
        Chat("200,000 stop tokens", () => $"\"stop_token_ids\":[{JsonAttacks.Repeat("1,", 200_000)}1]", new Outcome(200, 400)),
        Chat("a bias for the whole vocabulary", () => $"\"logit_bias\":{{{string.Join(',', Enumerable.Range(0, VocabularySize).Select(i => $"\"{i}\":-100"))}}}", new Outcome(200, 400)),
        Chat("a bias for 200,000 tokens", () => $"\"logit_bias\":{{{string.Join(',', Enumerable.Range(0, 200_000).Select(i => $"\"{i}\":1"))}}}", Refused()),
        Chat("a bias of 101", "\"logit_bias\":{\"5\":101}", Refused()),
        Chat("a bias for a word", "\"logit_bias\":{\"five\":1}", Refused()),
        Chat("a bias for token -1", "\"logit_bias\":{\"-1\":1}", Refused()),
        Chat("a bias for one token a thousand times", () => $"\"logit_bias\":{{{string.Join(',', Enumerable.Repeat("\"5\":1", 1000))}}}", new Outcome(200, 400)),
        Chat("ten thousand bad words", () => $"\"bad_words\":[{string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"word{i}\""))}]", new Outcome(200, 400)),
        Chat("a bad word of a megabyte", () => $"\"bad_words\":[\"{new string('w', 1_000_000)}\"]", new Outcome(200, 400)),
        Chat("no token allowed", "\"allowed_token_ids\":[]", Refused("allowed_token_ids")),
        Chat("a token allowed that is not", "\"allowed_token_ids\":[2147483647]", Refused("allowed_token_ids")),
        Chat("more tokens at least than at most", "\"min_tokens\":2147483647", new Outcome(200, 400)),
        Chat("a budget of thoughts below 0", "\"thinking_token_budget\":-1,\"reasoning_effort\":\"high\"", Refused("thinking_token_budget")),
        Chat("a huge budget of thoughts", "\"thinking_token_budget\":2147483647,\"reasoning_effort\":\"high\"", Valid),
        Chat("a priority of the largest", "\"priority\":2147483647", Valid),
        Chat("17 metadata", () => $"\"metadata\":{{{string.Join(',', Enumerable.Range(0, 17).Select(i => $"\"k{i}\":\"v\""))}}}", Refused("metadata")),
        Chat("metadata of a megabyte", () => $"\"metadata\":{{\"k\":\"{new string('v', 1_000_000)}\"}}", Refused("metadata.k", "string_above_max_length")),
        Chat("a metadata key of a megabyte", () => $"\"metadata\":{{\"{new string('k', 1_000_000)}\":\"v\"}}", Refused("metadata")),
        Chat("a user of five megabytes", () => $"\"user\":\"{new string('u', 5_000_000)}\"", new Outcome(200, 400)),
        Chat("a cache salt of five megabytes", () => $"\"cache_salt\":\"{new string('s', 5_000_000)}\"", new Outcome(200, 400)),
        Chat("a safety identifier of a megabyte", () => $"\"safety_identifier\":\"{new string('s', 1_000_000)}\"", Refused("safety_identifier")),
        Chat("an effort of a megabyte", () => $"\"reasoning_effort\":\"{new string('h', 1_000_000)}\"", Refused("reasoning_effort")),
        Chat("a stream of yes", "\"stream\":\"yes\"", Refused("stream")),
        Chat("modalities without end", () => $"\"modalities\":[{JsonAttacks.Repeat("\"text\",", 100_000)}\"text\"]", new Outcome(200, 400)),
        Chat("a template argument that replaces the messages", "\"chat_template_kwargs\":{\"messages\":[],\"bos_token\":\"x\",\"tools\":1,\"add_generation_prompt\":{}}", new Outcome(200, 400)),
        Chat("a template argument 60 deep", () => $"\"chat_template_kwargs\":{JsonAttacks.Repeat("{\"a\":", 60)}1{new string('}', 60)}", new Outcome(200, 400)),
        Chat("a template argument of a million numbers", () => $"\"chat_template_kwargs\":{{\"enable_thinking\":[{JsonAttacks.Repeat("0,", 1_000_000)}0]}}", new Outcome(200, 400)),

        Api("completions", "best_of of 21", () => "\"best_of\":21", Refused("best_of")),
        Api("completions", "best_of below n", () => "\"n\":3,\"best_of\":2", Refused("best_of")),
        Api("completions", "logprobs of 6", () => "\"logprobs\":6", Refused("logprobs")),
        Api("completions", "a suffix", () => "\"suffix\":\"x\"", Refused("suffix")),
        Completion("129 prompts", () => $"[{JsonAttacks.Repeat("\"a\",", 128)}\"a\"]", Refused("prompt", "array_above_max_length")),
        Completion("128 prompts with 20 answers each", () => $"[{JsonAttacks.Repeat("\"a\",", 127)}\"a\"],\"n\":20,\"max_tokens\":1", new Outcome(200, 400, 429)).OfMuchWork(),
        Completion("a prompt of no tokens", () => "[[]]", Refused()),
        Completion("a prompt of token -1", () => "[-1]", Refused()),
        Completion("a prompt of a token that is not", () => "[[999999999]]", Refused()),
        Completion("a prompt of 200,000 tokens", () => $"[{JsonAttacks.Repeat("5,", 200_000)}5]", Refused("prompt", "context_length_exceeded")),
        Completion("a prompt of lists and texts", () => "[\"a\",[5]]", Refused()),
        Completion("a prompt of objects", () => "{\"a\":1}", Refused("prompt")),
        Completion("an echo of 4,000 tokens with logprobs", () => $"[{JsonAttacks.Repeat("5,", 4000)}5],\"echo\":true,\"logprobs\":5,\"max_tokens\":0", Valid).OfMuchWork(),

        Api("messages", "max_tokens of the largest", () => "\"max_tokens\":2147483647", new Outcome(200, 400)),
        Api("messages", "stop sequences by the thousand", () => $"\"stop_sequences\":[{string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"s{i}\""))}]", Refused()),
        Api("messages", "a budget of thoughts past 32 bits", () => "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":99999999999}", Refused()),
        Api("messages", "metadata of five megabytes", () => $"\"metadata\":{{\"user_id\":\"{new string('u', 5_000_000)}\"}}", new Outcome(200, 400)),
        Api("responses", "in the background", () => "\"background\":true", Valid),
        Api("responses", "a response before that is not", () => "\"previous_response_id\":\"resp_none\"", new Outcome(400, 404)),
        Api("responses", "a response before of a megabyte", () => $"\"previous_response_id\":\"{new string('r', 1_000_000)}\"", new Outcome(400, 404)),
        Api("responses", "includes by the thousand", () => $"\"include\":[{JsonAttacks.Repeat("\"message.output_text.logprobs\",", 10_000)}\"x\"]", new Outcome(200, 400)),
    ];

    private static Attack Completion(string name, Func<string> prompt, Outcome expected) => Post(
        "completions: " + name, TextRequests.Path("completions"), () => $"{{\"model\":\"{TextRequests.Model}\",\"prompt\":{prompt()}}}", expected);
}
