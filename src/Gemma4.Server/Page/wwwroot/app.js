// The page: what is looked at, what is being answered, and what buttons do.
import { ApiError, key, onUnauthorized } from "./api.js";
import { emptyAnswer, fillAnswer } from "./answer.js";
import { Attachments } from "./attachments.js";
import { openComposer } from "./composer.js";
import { showList } from "./conversation-list.js";
import { ConversationView } from "./conversation-view.js";
import { openConversations } from "./conversations.js";
import { askText, confirmLoss } from "./dialogs.js";
import { announce, byId, el } from "./dom.js";
import { openPanels } from "./panels.js";
import { readBase64, requestBody } from "./request.js";
import { describe, models, untilReady } from "./server.js";
import { openSettings } from "./settings.js";
import { snippet } from "./snippets.js";

const currentName = "gemma4.current";
const model = { id: "", capabilities: [] };
const running = new Map(); // conversation id → what stops its answer
const conversations = await openConversations();
const settings = openSettings();
const panels = openPanels();
const view = new ConversationView({
  edit, retry, giveResults,
  snippet: (index, language) => snippet(language, model.id, current.messages.slice(0, index), settings.read()),
  suggest: (text) => composer.fill(text),
});
const attachments = new Attachments({ list: byId("attachments"), model: () => model, imageBudget: settings.imageBudget, refuse: tell });
const composer = openComposer({ attachments, send, stop, refuse: tell });
let current = conversations.get(sessionStorage.getItem(currentName)) ?? conversations.list()[0] ?? conversations.create();

byId("new").addEventListener("click", () => {
  show(conversations.create());
  panels.closeCovering();
  composer.focus();
});
byId("set-key").addEventListener("click", () => onUnauthorized.ask(""));
byId("model").addEventListener("change", (event) => useModel(event.target.value).catch((error) => tell(error.message)));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.querySelector("dialog[open]") === null && !panels.closeCovering()) stop();
});
onUnauthorized.ask = async (reason) => {
  const given = await askText({
    title: "API key",
    text: reason || "Requests carry this key. It stays in this tab unless you let the browser keep it.",
    label: "Key", type: "password", value: key.get(), ok: "Use",
    check: { label: "Keep it in this browser", isChecked: key.isKept() },
  });
  if (given === null) return false;
  key.set(given.value, given.isChecked);
  return true;
};
show(current);
await connect();

/** Learns what is served, once it is. */
async function connect() {
  const state = byId("state");
  try {
    await untilReady((progress) => { state.textContent = `Loading the model, ${Math.round(progress * 100)} %`; });
    const ids = await models();
    byId("model").replaceChildren(...ids.map((id) => el("option", { value: id }, id)));
    await useModel(ids[0]);
    state.textContent = "Ready";
    state.classList.add("ready");
    byId("send").disabled = false;
  } catch (error) {
    state.textContent = "Not connected";
    state.classList.remove("ready");
    tell(error instanceof ApiError ? error.message : `The server cannot be reached: ${error.message}`, { words: "Try again", act: connect });
  }
}

async function useModel(id) {
  const { capabilities, defaults } = await describe(id);
  Object.assign(model, { id, capabilities });
  settings.showDefaults(defaults);
}

function show(conversation) {
  current = conversation;
  sessionStorage.setItem(currentName, conversation.id);
  refresh();
}

function refresh() {
  view.show(current, running.has(current.id));
  composer.setBusy(running.has(current.id));
  byId("title").textContent = current.title;
  document.title = `${current.title} – Gemma 4`;
  showList(conversations.list(), current.id, (id) => running.has(id), { open, rename, remove });
}

function open(id) {
  show(conversations.get(id));
  panels.closeCovering();
}

async function rename(conversation) {
  const given = await askText({ title: "Rename the conversation", label: "Name", value: conversation.title });
  if (given === null) return;
  Object.assign(conversation, { title: given.value, isNamed: true });
  await save(conversation);
  refresh();
}

async function remove(conversation) {
  if (!(await confirmLoss("Delete the conversation?", `“${conversation.title}” is kept in this browser alone and cannot be brought back.`, "Delete"))) return;
  running.get(conversation.id)?.abort();
  await conversations.remove(conversation.id);
  if (conversation === current) show(conversations.list()[0] ?? conversations.create());
  else refresh();
  byId("new").focus();
}

/** Takes a message from the message box, unless something keeps it there. */
async function send(text, takeFiles) {
  if (running.has(current.id) || byId("send").disabled) return false;
  const unanswered = document.querySelector("#log .results textarea");
  if (unanswered !== null) {
    announce("The call waits for its result first");
    unanswered.focus();
    return false;
  }
  if (!areSettingsRight()) return false;
  current.messages.push({ role: "user", text, attachments: takeFiles() });
  respond(current);
  return true;
}

function edit(index, text) {
  const message = current.messages[index];
  if ((text === "" && message.attachments.length === 0) || !areSettingsRight()) return;
  current.messages.splice(index, Infinity, { ...message, text });
  respond(current);
  composer.focus();
}

function retry(index) {
  if (running.has(current.id) || !areSettingsRight()) return;
  current.messages.splice(index, Infinity);
  respond(current);
  composer.focus();
}

function giveResults(results) {
  if (!areSettingsRight()) return;
  current.messages.push(...results);
  respond(current);
  composer.focus();
}

function areSettingsRight() {
  if (settings.isValid()) return true;
  panels.open("settings");
  settings.showFault();
  return false;
}

function stop() {
  running.get(current.id)?.abort();
}

/** Asks for the next answer of a conversation. It goes on while its user looks at another. */
async function respond(conversation) {
  const stopper = new AbortController();
  const asked = [...conversation.messages];
  const answer = emptyAnswer();
  running.set(conversation.id, stopper);
  await save(conversation);
  conversation.messages.push(answer);
  refresh();
  announce("Answering");
  try {
    const body = await requestBody(model.id, asked, settings.read(), readBase64);
    await fillAnswer(answer, body, stopper.signal, () => conversation === current && view.grow());
  } catch (error) {
    answer.error = { status: null, message: error.message, param: null, code: null };
  }
  running.delete(conversation.id);
  learnCosts(asked, answer.stats.costs);
  // One that was deleted meanwhile stays so.
  if (conversations.get(conversation.id) === conversation) await save(conversation);
  refresh();
  if (conversation === current) announce(view.lastWords());
}

/** What images and clips cost in the end, by the server's count: one number an image; clips may be cut into several. */
function learnCosts(messages, counted) {
  const images = messages.flatMap((message) => message.attachments ?? []).filter((attachment) => attachment.kind === "image");
  if (counted?.image.length !== images.length) return;
  images.forEach((attachment, i) => { attachment.cost = counted.image[i]; });
}

async function save(conversation) {
  try {
    await conversations.save(conversation);
  } catch (error) {
    tell(`The browser does not keep the conversation: ${error.message}`);
  }
}

/** Tells the user what went wrong, above the message box, until it is put away. */
function tell(message, remedy = null) {
  const notice = el("div", { class: "notice", role: "alert" }, el("span", {}, message),
    remedy && el("button", { type: "button", onclick: () => { notice.remove(); remedy.act(); } }, remedy.words),
    el("button", { type: "button", onclick: () => notice.remove() }, "Close"));
  byId("notices").append(notice);
}
