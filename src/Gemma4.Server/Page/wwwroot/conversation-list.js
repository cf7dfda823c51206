// The conversations beside the one that is looked at.
import { byId, el, icon } from "./dom.js";

/** Shows the list; actions: open(id), rename(conversation), remove(conversation). */
export function showList(conversations, currentId, isRunning, actions) {
  byId("conversations").replaceChildren(...conversations.map((conversation) => {
    const { id, title } = conversation;
    const isCurrent = id === currentId;
    return el("li", { class: isCurrent ? "current" : null },
      el("button", { type: "button", class: "open", "aria-current": isCurrent ? "page" : null, onclick: () => actions.open(id) },
        el("span", { class: "title" }, title), isRunning(id) ? el("span", { class: "running" }, "answering") : null),
      el("button", { type: "button", class: "round", "aria-label": `Rename ${title}`, onclick: () => actions.rename(conversation) }, icon("edit")),
      el("button", { type: "button", class: "round", "aria-label": `Delete ${title}`, onclick: () => actions.remove(conversation) }, icon("trash")));
  }));
}
