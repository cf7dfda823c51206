// Questions to the user, each a dialog that the browser keeps the focus in.
import { el } from "./dom.js";

/** Asks for a line of text. Gives { value, isChecked }, or null where the user does not answer. */
export function askText({ title, text, label, value = "", type = "text", check = null, ok = "Save" }) {
  const input = el("input", { id: "asked", type, value, required: type !== "password", autocomplete: "off", spellcheck: "false", maxlength: "500" });
  const box = check === null ? null : el("input", { id: "asked-check", type: "checkbox", checked: check.isChecked });
  return ask(title, [
    text && el("p", {}, text),
    el("label", { for: "asked" }, label),
    input,
    box && el("label", { class: "check", for: "asked-check" }, box, check.label),
  ], ok, "primary", () => ({ value: input.value.trim(), isChecked: box?.checked ?? false }));
}

/** Asks whether something is to be done that cannot be undone. */
export const confirmLoss = async (title, text, ok) => (await ask(title, [el("p", {}, text)], ok, "danger", () => true)) ?? false;

function ask(title, content, ok, okClass, answer) {
  return new Promise((resolve) => {
    let given = null;
    const dialog = el("dialog", { "aria-labelledby": "dialog-title" }, el("form", {
      onsubmit: (event) => {
        event.preventDefault();
        given = answer();
        dialog.close();
      },
    },
    el("h2", { id: "dialog-title" }, title), content,
    el("div", { class: "buttons" },
      el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      el("button", { type: "submit", class: okClass }, ok))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("input")?.select();
  });
}
