// OpenAI's own client for Node and what this server keeps: chat completions, responses, conversations, streams that are taken up again. Run by
// NodeClientTests with BASE_URL and MODEL; the demo model knows these questions.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import OpenAI from "openai";

const model = process.env.MODEL;
const client = new OpenAI({ baseURL: process.env.BASE_URL + "/v1", apiKey: "sk-none", maxRetries: 0 });
const capital = "What is the capital of France?";
const paris = "The capital of France is Paris.";
const all = async (pages) => { const list = []; for await (const one of pages) list.push(one); return list; };

test("chat completions are kept, listed by metadata, updated and deleted", async () => {
  const topic = `t${process.pid}`;
  const made = [];
  for (let i = 0; i < 3; i++) {
    made.push(await client.chat.completions.create({
      model, temperature: 0, messages: [{ role: "user", content: capital }], store: true, metadata: { topic, number: String(i) } }));
  }
  assert.equal((await client.chat.completions.retrieve(made[0].id)).choices[0].message.content, paris);
  assert.deepEqual((await all(client.chat.completions.list({ metadata: { topic }, limit: 2 }))).map((c) => c.id), made.map((c) => c.id));
  assert.deepEqual((await all(client.chat.completions.list({ metadata: { topic, number: "1" } }))).map((c) => c.id), [made[1].id]);
  assert.equal((await client.chat.completions.update(made[2].id, { metadata: { topic: "other" } })).metadata.topic, "other");
  assert.deepEqual((await all(client.chat.completions.messages.list(made[0].id))).map((m) => [m.role, m.content]), [["user", capital]]);
  for (const one of made) assert.equal((await client.chat.completions.delete(one.id)).deleted, true);
  await assert.rejects(client.chat.completions.retrieve(made[0].id), OpenAI.NotFoundError);
});

test("responses are retrieved, their input listed page by page, and deleted", async () => {
  const input = [1, 2, 3].map((n) => ({ role: "user", content: `Line ${n}.` }));
  const made = await client.responses.create({ model, temperature: 0, input: [...input, { role: "user", content: capital }] });
  assert.equal(made.output_text, paris);
  assert.equal((await client.responses.retrieve(made.id)).output[0].content[0].text, paris);
  const items = await all(client.responses.inputItems.list(made.id, { limit: 2, order: "asc" }));
  assert.deepEqual(items.map((i) => i.content[0].text), ["Line 1.", "Line 2.", "Line 3.", capital]);
  await client.responses.delete(made.id);
  await assert.rejects(client.responses.retrieve(made.id), OpenAI.NotFoundError);
});

test("a stream of a response in the background is taken up again", async () => {
  const stream = await client.responses.create({ model, temperature: 0, input: capital, background: true, stream: true });
  let id, last, text = "";
  for await (const event of stream) {
    id ??= event.response?.id;
    last = event.sequence_number;
    if (event.type === "response.output_text.delta") { text += event.delta; break; }
  }
  let end;
  for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: last })) {
    assert.equal(event.sequence_number, ++last);
    if (event.type === "response.output_text.delta") text += event.delta;
    end = event;
  }
  assert.equal(text, paris);
  assert.equal(end.type, "response.completed");
  assert.equal((await client.responses.cancel(id)).status, "completed");
});

test("conversations carry responses", async () => {
  const conversation = await client.conversations.create({ metadata: { a: "b" }, items: [{ type: "message", role: "user", content: "My name is Bob." }] });
  assert.equal((await client.conversations.retrieve(conversation.id)).metadata.a, "b");
  const answer = await client.responses.create({ model, temperature: 0, input: "What is my name?", conversation: conversation.id });
  assert.match(answer.output_text, /Bob/);
  const texts = async () => (await all(client.conversations.items.list(conversation.id, { order: "asc", limit: 2 }))).map((i) => i.content[0].text);
  assert.deepEqual(await texts(), ["My name is Bob.", "What is my name?", answer.output_text]);
  const added = await client.conversations.items.create(conversation.id, { items: [{ type: "message", role: "user", content: "Bye." }] });
  const id = added.data[0].id;
  assert.equal((await client.conversations.items.retrieve(id, { conversation_id: conversation.id })).content[0].text, "Bye.");
  assert.equal((await client.conversations.items.delete(id, { conversation_id: conversation.id })).id, conversation.id);
  assert.equal((await texts()).length, 3);
  assert.equal((await client.conversations.update(conversation.id, { metadata: { c: "d" } })).metadata.c, "d");
  assert.equal((await client.conversations.delete(conversation.id)).deleted, true);
  await assert.rejects(client.conversations.retrieve(conversation.id), OpenAI.NotFoundError);
});

test("files are sent, listed, read, asked about and deleted", async () => {
  const text = "Alice lives in Oslo.";
  const file = await client.files.create({ file: await OpenAI.toFile(Buffer.from(text), "alice.txt"), purpose: "user_data" });
  assert.deepEqual([file.bytes, file.filename, file.purpose], [text.length, "alice.txt", "user_data"]);
  assert.equal((await client.files.retrieve(file.id)).id, file.id);
  assert.ok((await all(client.files.list({ purpose: "user_data", limit: 1 }))).some((f) => f.id === file.id));
  assert.equal(await (await client.files.content(file.id)).text(), text);
  const shapes = await client.files.create({ file: await OpenAI.toFile(readFileSync(new URL("../../../docs/shapes.png", import.meta.url)), "shapes.png"), purpose: "vision" });
  const question = { type: "text", text: "What is in this image?" };
  const chat = await client.chat.completions.create({ model, temperature: 0, messages: [{ role: "user", content: [{ type: "file", file: { file_id: shapes.id } }, question] }] });
  assert.match(chat.choices[0].message.content, /triangle/);
  const response = await client.responses.create({
    model, temperature: 0, input: [{ role: "user", content: [{ type: "input_image", file_id: shapes.id, detail: "auto" }, { type: "input_text", text: question.text }] }] });
  assert.match(response.output_text, /triangle/);
  for (const one of [file, shapes]) assert.equal((await client.files.delete(one.id)).deleted, true);
  await assert.rejects(client.files.retrieve(file.id), OpenAI.NotFoundError);
});

test("batches are begun, looked at, listed and cancelled, and their files read", async () => {
  const body = { model, temperature: 0, messages: [{ role: "user", content: capital }] };
  const line = (custom_id, more) => JSON.stringify({ custom_id, method: "POST", url: "/v1/chat/completions", body: { ...body, ...more } });
  const send = async (lines) => (await client.files.create({ file: await OpenAI.toFile(Buffer.from(lines.join("\n")), "in.jsonl"), purpose: "batch" })).id;
  const begin = (input_file_id) => client.batches.create({ input_file_id, endpoint: "/v1/chat/completions", completion_window: "24h", metadata: { a: "b" } });
  const end = async (id) => {
    for (let i = 0; i < 600; i++) {
      const batch = await client.batches.retrieve(id);
      if (["completed", "failed", "cancelled"].includes(batch.status)) return batch;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const read = async (id) => (await (await client.files.content(id)).text()).trim().split("\n").map((text) => JSON.parse(text));
  const begun = await begin(await send([line("good"), line("bad", { temperature: 3 })]));
  assert.deepEqual([begun.object, begun.metadata], ["batch", { a: "b" }]);
  const done = await end(begun.id);
  assert.deepEqual([done.status, done.request_counts], ["completed", { total: 2, completed: 1, failed: 1 }]);
  const [good] = await read(done.output_file_id), [bad] = await read(done.error_file_id);
  assert.deepEqual([good.custom_id, good.response.status_code, good.response.body.choices[0].message.content], ["good", 200, paris]);
  assert.deepEqual([bad.custom_id, bad.response.status_code, bad.response.body.error.param], ["bad", 400, "temperature"]);
  await assert.rejects(client.batches.cancel(done.id), OpenAI.ConflictError);
  const long = await begin(await send([line("long", { ignore_eos: true, max_completion_tokens: 2000 })]));
  assert.ok(["cancelling", "cancelled"].includes((await client.batches.cancel(long.id)).status));
  assert.equal((await end(long.id)).status, "cancelled");
  assert.deepEqual((await all(client.batches.list({ limit: 1 }))).map((batch) => batch.id).slice(0, 2), [long.id, done.id]);
});
