// The conversations' and the settings' panels: opened and closed by buttons, over the page on a phone and beside it elsewhere.
import { byId } from "./dom.js";

const isNarrow = matchMedia("(max-width: 899px)");

/** Wires both panels. Gives functions to open and close them. */
export function openPanels() {
  const panels = ["sidebar", "settings"];
  const opener = (name) => byId(`open-${name}`);
  const isOpen = (name) => document.body.classList.contains(`${name}-open`);

  const set = (name, shouldOpen) => {
    document.body.classList.toggle(`${name}-open`, shouldOpen);
    opener(name).setAttribute("aria-expanded", String(shouldOpen));
    update();
    if (shouldOpen) byId(name).querySelector("button, a, input, select, textarea").focus();
  };
  const close = (name) => {
    if (!isOpen(name)) return;
    const hadFocus = byId(name).contains(document.activeElement);
    set(name, false);
    if (hadFocus) opener(name).focus();
  };
  // What is covered is out of reach, and so is what is not shown.
  const update = () => {
    const covering = isNarrow.matches ? panels.find(isOpen) : undefined;
    byId("main").inert = covering !== undefined;
    byId("scrim").hidden = covering === undefined;
    byId("sidebar").inert = isNarrow.matches && covering !== "sidebar";
    byId("settings").inert = !isOpen("settings");
  };

  for (const name of panels) {
    opener(name).addEventListener("click", () => (isOpen(name) ? close(name) : set(name, true)));
    byId(`close-${name}`).addEventListener("click", () => close(name));
  }
  byId("scrim").addEventListener("click", () => panels.forEach(close));
  isNarrow.addEventListener("change", update);
  update();

  return {
    open: (name) => set(name, true),
    /** Closes what lies over the page; says whether anything did. */
    closeCovering() {
      const covering = isNarrow.matches ? panels.filter(isOpen) : [];
      covering.forEach(close);
      return covering.length > 0;
    },
  };
}
