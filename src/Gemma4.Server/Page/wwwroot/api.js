// The server's API: addresses, the key, errors, the stream of an answer. Addresses are relative to the page, so that it also works where a
// proxy serves it below a path.
const keyName = "gemma4.key";

/** What the server refused, in its own words. */
export class ApiError extends Error {
  constructor(status, { message, param = null, code = null }) {
    super(message);
    Object.assign(this, { status, param, code });
  }
}

/** Asks the user for a key, with the reason; gives whether there is one now. The page sets it. */
export const onUnauthorized = { ask: async () => false };

/** The key that requests carry: of this tab, or kept in the browser where its user wants that. */
export const key = {
  get: () => sessionStorage.getItem(keyName) ?? localStorage.getItem(keyName) ?? "",
  isKept: () => localStorage.getItem(keyName) !== null,
  set(value, isKept) {
    sessionStorage.removeItem(keyName);
    localStorage.removeItem(keyName);
    if (value !== "") (isKept ? localStorage : sessionStorage).setItem(keyName, value);
  },
};

let asking = null; // requests that fail together ask once

/** Sends a request. Gives the response, or throws what the server refused; asks for a key where one is wanted. */
async function send(path, options) {
  for (;;) {
    const used = key.get();
    const response = await fetch(path, { ...options, headers: { ...options.headers, ...(used ? { authorization: `Bearer ${used}` } : {}) } });
    if (response.ok) return response;
    const error = await refusal(response);
    if (response.status !== 401) throw error;
    if (key.get() !== used) continue;
    asking ??= onUnauthorized.ask(used ? error.message : "").finally(() => { asking = null; });
    if (!(await asking)) throw error;
  }
}

async function refusal(response) {
  const text = await response.text();
  try {
    return new ApiError(response.status, JSON.parse(text).error);
  } catch {
    return new ApiError(response.status, { message: `The server answered ${response.status} ${response.statusText}`.trim() + "." });
  }
}

/** GETs JSON. */
export const get = async (path) => (await send(path, {})).json();

/** POSTs JSON and gives the answer's JSON. */
export const post = async (path, body, signal) => (await postRaw(path, body, signal)).json();

const postRaw = (path, body, signal) =>
  send(path, { method: "POST", signal, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** The chunks of a streamed answer. Throws what the server says in the middle of one, and where a stream ends without its end. */
export async function* chunks(path, body, signal) {
  const response = await postRaw(path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new ApiError(response.status, { message: "The connection ended before the answer did." });
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue; // a comment that keeps the connection, or the blank line between frames
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new ApiError(response.status, chunk.error);
      yield chunk;
    }
  }
}
