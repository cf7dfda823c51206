// Ollama's own client for Node against this server: chats whole and streamed, tools, thoughts, formats, images, errors. Run by NodeClientTests
// with BASE_URL and MODEL; the demo model knows these questions.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Ollama } from "ollama";

const model = process.env.MODEL;
const client = new Ollama({ host: process.env.BASE_URL });
const ask = (content, more = {}) => ({ model, options: { temperature: 0 }, messages: [{ role: "user", content, ...more }] });
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

test("a question is answered", async () => {
  const answer = await client.chat(ask("What is the capital of France?"));
  assert.equal(answer.message.content, "The capital of France is Paris.");
  assert.equal(answer.done_reason, "stop");
  assert.ok(answer.eval_count > 1 && answer.prompt_eval_count > 1 && answer.total_duration > 0);
  assert.equal((await client.chat({ ...ask("Hi"), model: `${model}:latest` })).done, true);
});

test("a stream gives the same text", async () => {
  let text = "";
  for await (const part of await client.chat({ ...ask("What is the capital of France?"), stream: true })) text += part.message.content;
  assert.equal(text, "The capital of France is Paris.");
});

test("a stream can be stopped", async () => {
  const stream = await client.chat({ ...ask("Tell me a story about a fox."), stream: true });
  await assert.rejects(async () => { for await (const _ of stream) stream.abort(); }, { name: "AbortError" });
});

test("a tool is called and its result is answered", async () => {
  const request = { ...ask("What is the weather in Paris?"), tools: [weather] };
  const { message } = await client.chat(request);
  assert.deepEqual(message.tool_calls.map((c) => [c.function.name, c.function.arguments]), [["get_weather", { city: "Paris" }]]);
  request.messages.push(message, { role: "tool", tool_name: "get_weather", content: '{"weather":"sunny","temperature":20}' });
  assert.match((await client.chat(request)).message.content, /Paris/);
});

test("a thought has its own field", async () => {
  const { message } = await client.chat({ ...ask("What is 7 + 5?"), think: true });
  assert.ok(message.thinking.length > 0);
  assert.match(message.content, /12/);
});

test("a format is kept to", async () => {
  const format = { type: "object", properties: { name: { type: "string" }, age: { type: "integer" } }, required: ["name", "age"] };
  assert.deepEqual(JSON.parse((await client.chat({ ...ask("JSON: name Alice, age 30"), format })).message.content), { name: "Alice", age: 30 });
});

test("an image is seen", async () => {
  const one = JSON.parse(readFileSync(new URL("../../../demo-model/cases.json", import.meta.url))).find((c) => c.kind === "image" && c.budget === 280);
  const reference = JSON.parse(readFileSync(new URL("../../../demo-model/reference.json", import.meta.url)));
  assert.ok(one && reference.length > 0);
  const { message } = await client.chat(ask(one.question, { images: [one.png] }));
  assert.ok(message.content.length > 0);
  const image = Buffer.from(one.png, "base64");
  assert.equal((await client.generate({ model, prompt: one.question, images: [image], options: { temperature: 0 } })).response, message.content);
});

test("a prompt is answered, whole and streamed", async () => {
  const request = { model, prompt: "What is the capital of France?", options: { temperature: 0 } };
  assert.equal((await client.generate(request)).response, "The capital of France is Paris.");
  let text = "";
  for await (const part of await client.generate({ ...request, stream: true })) text += part.response;
  assert.equal(text, "The capital of France is Paris.");
});

test("models are listed and shown", async () => {
  assert.deepEqual((await client.list()).models.map((m) => m.name), [model]);
  assert.deepEqual((await client.ps()).models.map((m) => m.name), [model]);
  assert.ok((await client.show({ model })).capabilities.includes("tools"));
  assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
});

test("what is not done is refused in words", async () => {
  await assert.rejects(client.embed({ model, input: "x" }), (error) => error.status_code === 400 && /does not make embeddings/.test(error.message));
  await assert.rejects(client.pull({ model: "other" }), /does not manage models/);
  await assert.rejects(client.chat({ ...ask("Hi"), model: "other" }), /model 'other' not found/);
});
