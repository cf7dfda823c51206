// Images and audio clips that wait beside the message box: dropped, pasted, chosen or recorded, with what each costs in tokens.
import { el, icon, announce } from "./dom.js";
import { asPart, readBase64 } from "./request.js";
import { budgets, costs } from "./server.js";

const maxBytes = 64 * 1024 * 1024; // with base64 the server's largest body takes no more

/** The list of what is attached. */
export class Attachments {
  /** The list's element; the served model: { id, capabilities }; the budget that new images get; what to do with a fault. */
  constructor({ list, model, imageBudget, refuse }) {
    Object.assign(this, { list, model, imageBudget, refuse, items: [] });
  }

  add(files) {
    for (const file of files) {
      const kind = /^(image|audio)\//.exec(file.type)?.[1];
      const fault = this.faultOf(file, kind);
      if (fault !== null) {
        this.refuse(fault);
        continue;
      }
      const item = { kind, name: file.name || `pasted.${file.type.split("/")[1]}`, blob: file, budget: kind === "image" ? this.imageBudget() : null, cost: null };
      this.items.push(item);
      this.list.append(this.view(item));
      announce(`${item.name} is attached`);
    }
  }

  faultOf(file, kind) {
    if (kind === undefined) return `${file.name} is neither an image nor an audio clip.`;
    if (file.size > maxBytes) return `${file.name} is larger than 64 MiB.`;
    const ability = kind === "image" ? "vision" : "audio";
    const { capabilities } = this.model();
    if (capabilities.length > 0 && !capabilities.includes(ability)) return `This model does not ${kind === "image" ? "see images" : "hear audio"}.`;
    return null;
  }

  /** Hands over what is attached; the list is empty then. */
  take() {
    const taken = this.items;
    this.items = [];
    for (const view of [...this.list.children]) this.drop(view);
    return taken;
  }

  drop(view) {
    URL.revokeObjectURL(view.address);
    view.remove();
  }

  view(item) {
    const address = URL.createObjectURL(item.blob);
    const shown = item.kind === "image" ? el("img", { src: address, alt: "" }) : el("audio", { src: address, controls: true, "aria-label": item.name });
    const cost = el("span", { class: "cost" }, "Counting tokens…");
    const choice = item.kind === "image" ? this.budgetChoice(item) : null;
    const view = el("li", { class: "attachment" }, shown, el("div", {}, el("span", { class: "name" }, item.name), choice, cost),
      el("button", {
        type: "button",
        class: "round",
        "aria-label": `Remove ${item.name}`,
        onclick: () => {
          this.items = this.items.filter((other) => other !== item);
          this.drop(view);
        },
      }, icon("remove")));
    view.address = address;
    this.count(item, choice, cost).catch((error) => {
      cost.textContent = error.message;
      cost.classList.add("fault");
    });
    return view;
  }

  budgetChoice(item) {
    const choice = el("select", { "aria-label": `Budget of ${item.name} in tokens` },
      el("option", { value: "" }, "Server's budget"), budgets.map((budget) => el("option", { value: String(budget) }, `Budget ${budget}`)));
    choice.value = item.budget ?? "";
    choice.addEventListener("change", () => {
      item.budget = Number(choice.value) || null;
      choice.dispatchEvent(new Event("cost"));
    });
    return choice;
  }

  /** Asks the server what the clip costs, or the image at each of the budgets. */
  async count(item, choice, cost) {
    const data = await readBase64(item);
    const tried = item.kind === "image" ? [null, ...budgets] : [null];
    const counts = await costs(this.model().id, tried.map((budget) => asPart({ ...item, budget }, data)));
    const tell = () => {
      item.cost = item.kind === "image" ? counts[tried.indexOf(item.budget)] : counts.reduce((sum, count) => sum + count, 0);
      cost.textContent = `${item.cost} tokens`;
    };
    if (choice !== null) {
      for (const [i, option] of [...choice.options].entries()) option.textContent += ` · ${counts[i]} tokens`;
      choice.addEventListener("cost", tell);
    }
    tell();
  }
}
