// Builds elements. Text stays text: nothing on this page parses markup.

/**
 * An element with attributes, listeners ("onclick": function) and children (nodes, text, lists of them; null and undefined are left out).
 * An attribute that is true is set without a value; one that is false, null or undefined is not set.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}

const paths = {
  check: "M5 13l4 4L19 7",
  copy: "M9 9h10v10H9zM5 15V5h10",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  remove: "M6 6l12 12M18 6L6 18",
  retry: "M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5",
  tool: "M14 6a4 4 0 0 0-5 5l-5 5 3 3 5-5a4 4 0 0 0 5-5l-2.5 2.5-3-3z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
};

/** An icon of the page's own set. It says nothing: what it stands on has a name in words. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" })) svg.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/** A small button with an icon and words. */
export function action(name, words, onclick, attributes = {}) {
  return el("button", { type: "button", class: "action", onclick, ...attributes }, icon(name), el("span", {}, words));
}

/** The element of this id. */
export const byId = (id) => document.getElementById(id);

/** Tells screen readers something, once. */
export function announce(words) {
  byId("status").textContent = words;
}

/** Puts text on the clipboard, also where the page came over plain HTTP and browsers keep the newer way to themselves. */
export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = el("textarea", { class: "visually-hidden" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A button that copies what the function gives, and says that it did. */
export function copyButton(words, text) {
  const button = action("copy", words, async () => {
    await copyText(await text());
    button.replaceChildren(icon("check"), el("span", {}, "Copied"));
    announce("Copied");
    setTimeout(() => button.replaceChildren(icon("copy"), el("span", {}, words)), 1500);
  });
  return button;
}
