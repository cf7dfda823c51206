// A conversation and the settings as the body of a request to /v1/chat/completions.

/** The body. Files are read by the function, which gives what stands for a file's base64 text. */
export async function requestBody(model, messages, settings, base64) {
  const body = { model, messages: [], ...settings.fields };
  if (settings.system !== "") body.messages.push({ role: "system", content: settings.system });
  for (const message of messages) body.messages.push(await asMessage(message, base64));
  return body;
}

async function asMessage(message, base64) {
  if (message.role === "user") return { role: "user", content: await asContent(message, base64) };
  if (message.role === "tool") return { role: "tool", tool_call_id: message.callId, content: message.text };
  const answer = { role: "assistant", content: message.text };
  if (message.calls.length > 0) {
    // Between a call and the answer to its result the model goes on with its thought; later it is not asked for it again.
    if (message.thought !== "") answer.reasoning_content = message.thought;
    answer.tool_calls = message.calls.map(asCall);
  }
  return answer;
}

const asCall = ({ id, type, name, arguments: given }) =>
  (type === "custom" ? { id, type, custom: { name, input: given } } : { id, type, function: { name, arguments: given } });

async function asContent(message, base64) {
  if (message.attachments.length === 0) return message.text;
  const parts = [];
  for (const attachment of message.attachments) parts.push(asPart(attachment, await base64(attachment)));
  if (message.text !== "") parts.push({ type: "text", text: message.text });
  return parts;
}

/** An attachment as a part of a message. */
export function asPart({ kind, name, blob, budget }, data) {
  if (kind === "audio") return { type: "input_audio", input_audio: { data, format: /mp3|mpeg/.test(blob.type + name) ? "mp3" : "wav", allow_windows: true } };
  const prefix = `data:${/^image\/[\w.+-]+$/.test(blob.type) ? blob.type : "image/png"};base64,`;
  const url = typeof data === "string" ? prefix + data : data.after(prefix);
  return { type: "image_url", image_url: { url }, ...(budget ? { max_soft_tokens: budget } : {}) };
}

/** The bytes of an attachment's file as base64. */
export async function readBase64({ blob }) {
  const reader = new FileReader();
  await new Promise((resolve, reject) => {
    reader.onload = resolve;
    reader.onerror = () => reject(new Error(`The file cannot be read: ${reader.error.message}`));
    reader.readAsDataURL(blob);
  });
  return reader.result.slice(reader.result.indexOf(",") + 1);
}
