// What the server serves: its models, what the model can do and its defaults, what an image or an audio clip costs.
import { get, post } from "./api.js";

/** The budgets that Gemma 4 has for an image, in soft tokens. */
export const budgets = [70, 140, 280, 560, 1120];

/** Waits until the model is loaded; tells how far that is, from 0 to 1. */
export async function untilReady(tell) {
  for (;;) {
    const health = await (await fetch("health")).json();
    if (health.status === "failed") throw new Error(health.error);
    if (health.status !== "loading") return;
    tell(health.progress ?? 0);
    await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
}

/** The ids of the served models. */
export const models = async () => (await get("v1/models")).data.map((model) => model.id);

/** What the model can do ("vision", "audio", "tools", "thinking") and its own sampling settings. */
export async function describe(model) {
  const shown = await post("api/show", { model });
  const parameters = shown.parameters?.split("\n").map((line) => line.trim().split(/\s+/)) ?? [];
  return { capabilities: shown.capabilities, defaults: Object.fromEntries(parameters.map(([name, value]) => [name, value])) };
}

/** What these parts of a message cost, each by itself, in tokens. The server prepares them for it as it would for an answer. */
export async function costs(model, parts) {
  const { media_slots: slots } = await post("v1/chat/completions/render", { model, messages: [{ role: "user", content: parts }] });
  return slots.map((slot) => slot.num_tokens);
}
