// One message as an article: a question with its files, or an answer with its thought, calls and figures.
import { action, copyButton, el, icon } from "./dom.js";
import { showMarkdown } from "./markdown.js";
import { languages } from "./snippets.js";

const round = (value, digits) => value.toLocaleString("en", { maximumFractionDigits: digits });

/** A question. The article's release() lets go of its files. */
export function questionView(message, { edit, isRunning }) {
  const addresses = [];
  const files = message.attachments.map(({ kind, name, blob, cost }) => {
    const address = URL.createObjectURL(blob);
    addresses.push(address);
    const words = cost === null ? name : `${name} · ${cost} tokens`;
    return el("figure", { class: kind }, kind === "image" ? el("img", { src: address, alt: name }) : el("audio", { src: address, controls: true, "aria-label": name }),
      el("figcaption", {}, words));
  });
  const body = el("div", { class: "body" }, files.length > 0 ? el("div", { class: "files" }, files) : null, message.text === "" ? null : el("p", {}, message.text));
  const actions = el("div", { class: "actions" }, copyButton("Copy", () => message.text), action("edit", "Edit", () => startEdit(body, actions, message, edit), { disabled: isRunning }));
  const article = el("article", { class: "message question" }, el("h2", {}, "You"), body, actions);
  article.release = () => addresses.forEach((address) => URL.revokeObjectURL(address));
  return article;
}

function startEdit(body, actions, message, edit) {
  const text = el("textarea", { "aria-label": "Edit the message", rows: "4" });
  text.value = message.text;
  const end = () => {
    form.remove();
    body.hidden = actions.hidden = false;
    actions.querySelector("button:last-child").focus();
  };
  const form = el("form", {
    class: "edit",
    onsubmit: (event) => {
      event.preventDefault();
      edit(text.value.trim());
    },
    onkeydown: (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        end();
      }
    },
  }, text, el("p", { class: "hint" }, "What came after this message is dropped."),
  el("div", { class: "buttons" }, el("button", { type: "button", onclick: end }, "Cancel"), el("button", { type: "submit", class: "primary" }, "Send again")));
  body.hidden = actions.hidden = true;
  body.after(form);
  text.focus();
}

/** An answer; update() shows what has come since. */
export function answerView(message, { retry, snippet, giveResults, results, isRunning, isLast }) {
  const thought = el("p", { class: "thought-text" });
  const summary = el("summary", {});
  const thoughts = el("details", { class: "thought", hidden: true }, summary, thought);
  const text = el("div", { class: "text" });
  const calls = el("div", { class: "calls" });
  const note = el("div", {});
  const figures = el("p", { class: "figures" });
  const actions = el("div", { class: "actions" });
  const article = el("article", { class: "message answer", "aria-busy": String(isRunning) }, el("h2", {}, "Gemma"), thoughts, text, calls, note, actions, figures);

  article.update = () => {
    thoughts.hidden = message.thought === "";
    thought.textContent = message.thought;
    const isThinking = isRunning && message.text === "" && message.calls.length === 0;
    summary.textContent = isThinking ? "Thinking…" : message.stats.thoughtMs ? `Thought for ${round(message.stats.thoughtMs / 1000, 1)} s` : "Thought";
    article.classList.toggle("waiting", isRunning && message.text === "" && message.thought === "" && message.calls.length === 0);
    showMarkdown(text, message.text);
    calls.replaceChildren(...message.calls.map((call) => callView(call, results.get(call.id))));
    figures.textContent = figuresOf(message);
  };
  article.update();
  if (isRunning) return article;

  if (message.calls.some((call) => !results.has(call.id)) && isLast) calls.after(resultsForm(message.calls, giveResults));
  if (message.error !== null) note.append(errorView(message.error));
  else if (message.isStopped) note.append(el("p", { class: "hint" }, "Stopped."));
  else if (message.finish === "length") note.append(el("p", { class: "hint" }, "Cut off: the limit of tokens is reached."));
  actions.append(copyButton("Copy", () => message.text), action("retry", "Retry", retry),
    el("span", { class: "snippets", role: "group", "aria-label": "Copy the request as a program" }, el("span", { class: "hint" }, "Copy as"),
      Object.entries(languages).map(([language, name]) => copyButton(name, () => snippet(language)))));
  return article;
}

function callView(call, result) {
  let shown = call.arguments;
  try {
    shown = JSON.stringify(JSON.parse(call.arguments), null, 2);
  } catch {
    // Not whole yet, or not JSON: it is shown as the model wrote it.
  }
  return el("section", { class: "call", "aria-label": `Call of ${call.name}` }, el("h3", {}, icon("tool"), call.name),
    el("pre", { tabindex: "0", role: "region", "aria-label": "Arguments" }, shown),
    result === undefined ? null : el("div", { class: "result" }, el("h4", {}, "Result"), el("pre", { tabindex: "0", role: "region", "aria-label": "Result" }, result)));
}

function resultsForm(calls, giveResults) {
  const fields = calls.map((call, i) => {
    const field = el("textarea", { id: `result-${i}`, rows: "2", spellcheck: "false", placeholder: "{\"temperature\": 20}" });
    return { call, field };
  });
  return el("form", {
    class: "results",
    onsubmit: (event) => {
      event.preventDefault();
      giveResults(fields.map(({ call, field }) => ({ role: "tool", callId: call.id, name: call.name, text: field.value })));
    },
  }, fields.flatMap(({ call, field }) => [el("label", { for: field.id }, `What ${call.name} gives`), field]),
  el("div", { class: "buttons" }, el("button", { type: "submit", class: "primary" }, "Send and go on")));
}

function errorView({ status, message, param, code }) {
  const facts = [status && `HTTP ${status}`, param && `field ${param}`, code && `code ${code}`].filter(Boolean).join(" · ");
  return el("div", { class: "error", role: "alert" }, el("p", {}, message), facts === "" ? null : el("p", { class: "hint" }, facts));
}

function figuresOf({ stats }) {
  return [
    stats.perSecond && `${round(stats.perSecond, 1)} tokens/s`,
    stats.firstMs !== undefined && `first token after ${round(stats.firstMs / 1000, 2)} s`,
    stats.promptTokens !== undefined && `${stats.promptTokens} tokens in${stats.cachedTokens ? ` (${stats.cachedTokens} cached)` : ""}, ${stats.tokens} out`,
  ].filter(Boolean).join(" · ");
}
