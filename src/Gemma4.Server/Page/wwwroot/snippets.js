// A request as a program that sends it: curl, Python, C#. Files are read by their names; the key stays out, in GEMMA_API_KEY.
import { key } from "./api.js";
import { requestBody } from "./request.js";

const openAI = ["model", "messages", "temperature", "top_p", "max_completion_tokens", "seed", "tools", "response_format", "reasoning_effort"];

/** The languages there are. */
export const languages = { curl: "curl", python: "Python", csharp: "C#" };

/** The program for a request of these messages. */
export async function snippet(language, model, messages, settings) {
  const body = await requestBody(model, messages, settings, (attachment) => new FileText(attachment.name));
  const hasFiles = messages.some((message) => message.attachments?.length > 0);
  return { curl, python, csharp }[language](body, new URL("v1", document.baseURI).href, hasFiles);
}

/** Stands in a body for the base64 text of a file, behind a prefix. */
class FileText {
  constructor(name, prefix = "") {
    // One file name for every shell and system.
    this.name = name.replace(/[^\p{L}\p{N}._ -]/gu, "_").replace(/^[-.]+/, "_") || "file";
    this.prefix = prefix;
  }

  after(prefix) {
    return new FileText(this.name, prefix);
  }
}

/** JSON's own form with line breaks; texts and files as the language has them. */
function write(value, words, indent = "") {
  if (typeof value === "string" || value instanceof FileText) return words.text(value);
  if (value === true || value === false || value === null) return words.constant(value);
  if (typeof value !== "object") return JSON.stringify(value);
  const isList = Array.isArray(value);
  const [open, close] = isList ? "[]" : "{}";
  const inner = Object.entries(value).map(([name, item]) => `${indent}  ${isList ? "" : `${words.text(name)}: `}${write(item, words, `${indent}  `)}`);
  return inner.length === 0 ? open + close : `${open}\n${inner.join(",\n")}\n${indent}${close}`;
}

/** A JSON string on one line in every language: some take these three for line breaks. */
const quoted = (text) => JSON.stringify(text).replace(/[\u0085\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

function curl(body, url, hasFiles) {
  const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const head = `curl ${shell(`${url}/chat/completions`)} -H 'content-type: application/json'${key.get() ? " -H \"authorization: Bearer $GEMMA_API_KEY\"" : ""}`;
  const words = { constant: String, text: quoted };
  if (!hasFiles) return `${head} \\\n  -d ${shell(write(body, words))}\n`;
  // Files are too long for an argument: the body comes through a here-document, in which the shell puts them.
  const here = (text) => quoted(text).replace(/[\\$`]/g, "\\$&");
  words.text = (value) => (value instanceof FileText ? `"${value.prefix}$(base64 -w0 ${shell(value.name)})"` : here(value));
  return `${head} --data-binary @- <<JSON\n${write(body, words)}\nJSON\n`;
}

function python(body, url, hasFiles) {
  const words = {
    constant: (value) => ({ true: "True", false: "False", null: "None" })[value],
    text: (value) => (value instanceof FileText ? `${value.prefix ? `${quoted(value.prefix)} + ` : ""}base64_of(${quoted(value.name)})` : quoted(value)),
  };
  const known = Object.entries(body).filter(([name]) => openAI.includes(name)).map(([name, value]) => `    ${name}=${write(value, words, "    ")},\n`);
  const others = Object.fromEntries(Object.entries(body).filter(([name]) => !openAI.includes(name)));
  if (Object.keys(others).length > 0) known.push(`    extra_body=${write(others, words, "    ")},\n`);
  const code = `answer = client.chat.completions.create(\n${known.join("")})\n`;
  const usesKey = key.get() !== "";
  return (hasFiles ? "import base64\n" : "") + (usesKey ? "import os\n" : "") + "from openai import OpenAI\n\n"
    + (hasFiles ? "def base64_of(path):\n    with open(path, \"rb\") as file:\n        return base64.b64encode(file.read()).decode()\n\n" : "")
    + `client = OpenAI(base_url=${quoted(url)}, api_key=${usesKey ? "os.environ[\"GEMMA_API_KEY\"]" : "\"none\""})\n`
    + `${code}print(answer.choices[0].message.content)\n`;
}

function csharp(body, url, hasFiles) {
  const plain = write(body, { constant: String, text: (value) => (value instanceof FileText ? "" : quoted(value)) });
  const longest = (pattern) => Math.max(0, ...(plain.match(pattern) ?? []).map((run) => run.length));
  // A raw string: more quotes around it than in it, more braces around a value than in its text.
  const quotes = "\"".repeat(Math.max(3, longest(/"+/g) + 1));
  const braces = longest(/\{+|\}+/g) + 1;
  const text = write(body, {
    constant: String,
    text: (value) => (value instanceof FileText ? `"${value.prefix}${"{".repeat(braces)}Base64(${quoted(value.name)})${"}".repeat(braces)}"` : quoted(value)),
  }, "    ");
  return `using System.Text;
using System.Text.Json;

using var client = new HttpClient();
${key.get() ? "client.DefaultRequestHeaders.Authorization = new(\"Bearer\", Environment.GetEnvironmentVariable(\"GEMMA_API_KEY\"));\n" : ""}string body = ${hasFiles ? "$".repeat(braces) : ""}${quotes}
    ${text}
    ${quotes};
using HttpResponseMessage response = await client.PostAsync(${quoted(`${url}/chat/completions`)}, new StringContent(body, Encoding.UTF8, "application/json"));
using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
Console.WriteLine(answer.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content"));
${hasFiles ? "\nstatic string Base64(string path) => Convert.ToBase64String(File.ReadAllBytes(path));\n" : ""}`;
}
