// The settings that go with every request: kept in this browser, checked before they are sent.
import { byId } from "./dom.js";

const keptAs = "gemma4.settings";
const numbers = { temperature: "temperature", topP: "top_p", topK: "top_k", maxTokens: "max_completion_tokens", seed: "seed" };
const exampleTools = [{
  type: "function",
  function: {
    name: "get_weather",
    description: "Get the current weather for a city.",
    parameters: { type: "object", properties: { city: { type: "string", description: "The city." } }, required: ["city"] },
  },
}];

/** The settings' form. */
export function openSettings() {
  const form = byId("settings-form");
  const fields = form.elements;
  const kept = JSON.parse(localStorage.getItem(keptAs) ?? "{}");
  for (const field of fields) if (field.name && kept[field.name] !== undefined) field.value = kept[field.name];

  const keep = () => {
    check(fields.tools, Array.isArray, "An array of tools, as OpenAI's API has it, in JSON.");
    check(fields.schema, (value) => typeof value === "object" && value !== null && !Array.isArray(value), "A JSON schema: an object, in JSON.");
    localStorage.setItem(keptAs, JSON.stringify(Object.fromEntries([...fields].filter((field) => field.name).map((field) => [field.name, field.value]))));
  };
  // The choice of thinking stands beside the message box and belongs to this form.
  for (const field of fields) field.addEventListener("input", keep);
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("example-tools").addEventListener("click", () => {
    fields.tools.value = JSON.stringify(exampleTools, null, 2);
    keep();
  });
  byId("reset-settings").addEventListener("click", () => {
    for (const field of fields) if (field.name) field.value = "";
    keep();
  });
  keep();

  return {
    /** The budget of an image that is added, or null for the server's own. */
    imageBudget: () => Number(fields.imageBudget.value) || null,

    /** Whether all can be sent; what cannot is shown where it stands. */
    isValid: () => form.checkValidity(),
    showFault: () => form.reportValidity(),

    /** What the model does where nothing is set. */
    showDefaults(defaults) {
      for (const [name, field] of Object.entries(numbers)) if (defaults[field]) fields[name].placeholder = defaults[field];
    },

    /** The system prompt, and fields of the request's body. */
    read() {
      const body = {};
      for (const [name, field] of Object.entries(numbers)) if (fields[name].value !== "") body[field] = Number(fields[name].value);
      if (fields.thinking.value !== "") body.reasoning_effort = fields.thinking.value;
      if (fields.tools.value.trim() !== "") body.tools = JSON.parse(fields.tools.value);
      if (fields.schema.value.trim() !== "") body.response_format = { type: "json_schema", json_schema: { name: "answer", schema: JSON.parse(fields.schema.value) } };
      return { system: fields.system.value.trim(), fields: body };
    },
  };
}

/** Marks a field of JSON that is not JSON, or not of the kind it must be. */
function check(field, isRight, message) {
  let fault = "";
  try {
    if (field.value.trim() !== "" && !isRight(JSON.parse(field.value))) fault = message;
  } catch (error) {
    fault = `${message} ${error.message}`;
  }
  field.setCustomValidity(fault);
  field.setAttribute("aria-invalid", String(fault !== ""));
  byId(`${field.id}-fault`).textContent = fault;
}
