// OpenAI's own client for Node against this server: whole answers, streams with the client's helpers, tools run by the client,
// parsed structured output, errors. Run by NodeClientTests with BASE_URL and MODEL; the demo model knows these questions.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const model = process.env.MODEL;
const client = new OpenAI({ baseURL: process.env.BASE_URL + "/v1", apiKey: "sk-none", maxRetries: 0 });
const ask = (content) => ({ model, temperature: 0, messages: [{ role: "user", content }] });
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

test("a question is answered", async () => {
  const answer = await client.chat.completions.create(ask("What is the capital of France?"));
  assert.equal(answer.choices[0].message.content, "The capital of France is Paris.");
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(answer._request_id);
});

test("a stream gives the same text and the counts", async () => {
  const stream = client.chat.completions.stream({ ...ask("What is the capital of France?"), stream_options: { include_usage: true } });
  let text = "";
  stream.on("content", (delta) => { text += delta; });
  const completion = await stream.finalChatCompletion();
  assert.equal(text, "The capital of France is Paris.");
  assert.equal(completion.choices[0].message.content, text);
  assert.ok((await stream.totalUsage()).completion_tokens > 1);
});

test("tools are run by the client until the model answers", async () => {
  const cities = [];
  const runner = client.chat.completions.runTools({
    ...ask("What is the weather in Paris?"),
    tools: [{
      type: "function",
      function: {
        ...weather.function,
        parse: JSON.parse,
        function: ({ city }) => { cities.push(city); return JSON.stringify({ weather: "sunny", temperature: 20 }); },
      },
    }],
  });
  const text = await runner.finalContent();
  assert.deepEqual(cities, ["Paris"]);
  assert.ok(text.length > 0);
});

test("a streamed call has its arguments as one JSON object", async () => {
  const stream = client.chat.completions.stream({ ...ask("What is the weather in Paris?"), tools: [weather], tool_choice: "required" });
  const { choices: [{ message }] } = await stream.finalChatCompletion();
  assert.equal(message.tool_calls.length, 1);
  assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: "Paris" });
});

test("structured output is parsed", async () => {
  const Person = z.object({ name: z.string(), age: z.number().int() });
  const completion = await client.chat.completions.parse({
    ...ask("JSON: name Alice, age 30"),
    response_format: zodResponseFormat(Person, "person"),
  });
  assert.deepEqual(completion.choices[0].message.parsed, { name: "Alice", age: 30 });
});

test("an error is the client's own class, with code and param", async () => {
  await assert.rejects(
    client.chat.completions.create({ ...ask("Hi"), temperature: 3 }),
    (error) => error instanceof OpenAI.BadRequestError && error.code === "decimal_above_max_value" && error.param === "temperature");
});

test("models are listed and found", async () => {
  const ids = (await client.models.list()).data.map((m) => m.id);
  assert.deepEqual(ids, [model]);
  assert.equal((await client.models.retrieve(model)).id, model);
});

test("a voice is written down, whole and streamed", async () => {
  const cases = JSON.parse(readFileSync(new URL("../../../demo-model/cases.json", import.meta.url)));
  const voice = cases.find((one) => one.question === "Transcribe this." && one.answer === "nine five eight");
  const form = async () => ({ model, file: await OpenAI.toFile(Buffer.from(voice.wav, "base64"), "voice.wav") });
  assert.equal((await client.audio.transcriptions.create(await form())).text, voice.answer);
  assert.equal(await client.audio.transcriptions.create({ ...(await form()), response_format: "text" }), voice.answer + "\n");
  const verbose = await client.audio.transcriptions.create({ ...(await form()), response_format: "verbose_json", timestamp_granularities: ["segment"] });
  assert.deepEqual(verbose.segments.map((s) => [s.id, s.start, s.text]), [[0, 0, voice.answer]]);
  let text = "";
  for await (const event of await client.audio.transcriptions.create({ ...(await form()), stream: true })) {
    if (event.type === "transcript.text.delta") text += event.delta;
    else assert.equal(event.text, voice.answer);
  }
  assert.equal(text, voice.answer);
});

test("images at every budget and voices get the reference's answers", async () => {
  const demo = new URL("../../../demo-model/", import.meta.url);
  const [cases, reference] = ["cases.json", "reference.json"].map((name) => JSON.parse(readFileSync(new URL(name, demo))));
  const seen = new Set();
  for (const [i, one] of cases.entries()) {
    const key = one.kind === "image" ? one.budget : one.kind;
    if (one.kind === "text" || seen.has(key)) continue;
    seen.add(key);
    const part = one.kind === "image"
      ? { type: "image_url", image_url: { url: `data:image/png;base64,${one.png}` }, max_soft_tokens: one.budget }
      : { type: "input_audio", input_audio: { data: one.wav, format: "wav" } };
    const answer = await client.chat.completions.create(ask([part, { type: "text", text: one.question }]));
    assert.equal(answer.choices[0].message.content, reference[i].content, `${key}: ${one.question}`);
  }
  assert.deepEqual([...seen].map(String).sort(), ["1120", "140", "280", "560", "70", "audio"]);
});
