// One streamed answer: its pieces put together in a message, with its times and counts.
import { ApiError, chunks } from "./api.js";

const minMs = 20;

/** A message for an answer that has not begun. */
export const emptyAnswer = () => ({ role: "assistant", text: "", thought: "", calls: [], finish: null, stats: {}, error: null, isStopped: false });

/** Asks and fills the message until the answer ends, fails or is stopped; tells each time it grew. Failures become part of the message. */
export async function fillAnswer(message, body, signal, grew) {
  const request = { ...body, stream: true, stream_options: { include_usage: true, continuous_usage_stats: true } };
  const clock = new Clock(message.stats);
  try {
    for await (const chunk of chunks("v1/chat/completions", request, signal)) {
      const isNew = append(message, chunk.choices[0]);
      clock.tick(chunk.usage, isNew, message.text !== "");
      grew();
    }
  } catch (error) {
    if (signal.aborted) message.isStopped = true;
    else if (error instanceof ApiError) message.error = { status: error.status, message: error.message, param: error.param, code: error.code };
    else message.error = { status: null, message: `The answer broke off: ${error.message}`, param: null, code: null };
  }
  grew();
}

/** Adds what a chunk brings; says whether it brought anything of the answer. */
function append(message, choice) {
  if (choice === undefined) return false; // the counts alone
  const { delta } = choice;
  const thought = delta.reasoning_content ?? delta.reasoning ?? "";
  const text = delta.content ?? "";
  message.thought += thought;
  message.text += text;
  for (const piece of delta.tool_calls ?? []) {
    const call = message.calls[piece.index] ??= { id: piece.id, type: piece.type, name: piece[piece.type].name, arguments: "" };
    call.arguments += call.type === "custom" ? piece.custom.input : piece.function.arguments;
  }
  message.finish = choice.finish_reason ?? message.finish;
  return thought !== "" || text !== "" || (delta.tool_calls ?? []).length > 0;
}

/** Measures from here: with the network in it, as its user sees it. */
class Clock {
  constructor(stats) {
    Object.assign(this, { stats, began: performance.now(), first: null, countAtFirst: 0 });
  }

  tick(usage, isNew, isText) {
    const now = performance.now();
    if (usage) {
      Object.assign(this.stats, { promptTokens: usage.prompt_tokens, tokens: usage.completion_tokens, cachedTokens: usage.prompt_tokens_details.cached_tokens });
      this.stats.costs = { image: usage.prompt_tokens_details.image_tokens_each ?? [], audio: usage.prompt_tokens_details.audio_tokens_each ?? [] };
    }
    if (!isNew) return;
    if (this.first === null) {
      this.first = now;
      this.countAtFirst = this.stats.tokens ?? 0;
      this.stats.firstMs = now - this.began;
    }
    if (isText) this.stats.thoughtMs ??= now - this.began;
    // In less time too few tokens come, or the network handed over many at once.
    if (now - this.first > minMs && this.stats.tokens > this.countAtFirst) this.stats.perSecond = (this.stats.tokens - this.countAtFirst) / ((now - this.first) / 1000);
  }
}
