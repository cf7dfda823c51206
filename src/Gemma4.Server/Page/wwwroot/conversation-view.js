// The messages of the conversation that is looked at.
import { action, byId, el } from "./dom.js";
import { answerView, questionView } from "./message-view.js";

const suggestions = ["What is the capital of France?", "What is 7 + 5?", "Tell me a story about a fox.", "Count to 12."];
const nearEnd = 80; // pixels from the end within which a reader follows a growing answer

/** Shows a conversation; actions: edit(index, text), retry(index), snippet(index, language), giveResults(messages), suggest(text). */
export class ConversationView {
  constructor(actions) {
    this.actions = actions;
    this.log = byId("log");
    this.shown = null;
    this.running = null;
    this.isDue = false;
    // A reader who is at the end follows what comes, until they scroll away from it. Images take their place when they are read.
    this.follows = true;
    this.lastTop = 0;
    this.log.addEventListener("scroll", () => {
      const { scrollTop } = this.log;
      if (scrollTop < this.lastTop || this.isAtEnd()) this.follows = this.isAtEnd();
      this.lastTop = scrollTop;
    });
    this.log.addEventListener("load", () => this.follow(), true);
  }

  /** Shows all messages anew. While an answer is written, the last message is it. Where the same conversation goes on, its reader keeps the place. */
  show(conversation, isRunning) {
    const isSame = conversation === this.shown;
    const place = this.log.scrollTop;
    if (!isSame || isRunning) this.follows = true;
    const opened = isSame ? this.thoughts().map((thought) => thought.open) : [];
    const hadFocus = this.log.contains(document.activeElement);
    this.shown = conversation;
    for (const article of this.log.children) article.release?.();
    const { messages } = conversation;
    const results = new Map(messages.filter((message) => message.role === "tool").map((message) => [message.callId, message.text]));
    const shown = messages.map((message, i) => this.view(message, i, isRunning, i === messages.length - 1, results)).filter(Boolean);
    if (messages.length === 0) shown.push(this.welcome());
    else if (!isRunning && messages.at(-1).role !== "assistant") shown.push(this.unanswered(messages.length));
    this.log.replaceChildren(...shown);
    this.running = isRunning ? shown.at(-1) : null;
    this.thoughts().forEach((thought, i) => { thought.open = opened[i] ?? false; });
    if (hadFocus) this.log.focus();
    if (!this.follows) this.log.scrollTop = place;
    this.follow();
  }

  thoughts() {
    return [...this.log.querySelectorAll(".thought")];
  }

  isAtEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < nearEnd;
  }

  view(message, index, isRunning, isLast, results) {
    const { edit, retry, snippet, giveResults } = this.actions;
    if (message.role === "tool") return null; // shown with its call
    if (message.role === "user") return questionView(message, { edit: (text) => edit(index, text), isRunning });
    return answerView(message, {
      retry: () => retry(index), snippet: (language) => snippet(index, language), giveResults, results, isLast, isRunning: isRunning && isLast,
    });
  }

  /** Shows what has come of the answer that is written, once a frame. */
  grow() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      if (this.running === null) return;
      this.running.update();
      this.follow();
    });
  }

  /** What a screen reader is told when an answer has ended. */
  lastWords() {
    const answer = this.log.lastElementChild;
    return answer?.querySelector(".error p")?.textContent ?? answer?.querySelector(".text")?.textContent ?? "";
  }

  follow() {
    if (this.follows) this.log.scrollTop = this.log.scrollHeight;
  }

  welcome() {
    return el("div", { class: "welcome" }, el("img", { src: "page/icon.svg", alt: "", width: "56", height: "56" }), el("h2", {}, "Try the model"),
      el("p", {}, "Ask something, or drop an image or an audio clip anywhere on this page."),
      el("ul", { "aria-label": "Suggestions" }, suggestions.map((text) => el("li", {}, el("button", { type: "button", onclick: () => this.actions.suggest(text) }, text)))));
  }

  /** Shown where a page was closed before its answer came. */
  unanswered(index) {
    return el("div", { class: "unanswered" }, el("p", { class: "hint" }, "This has no answer yet."), action("retry", "Ask again", () => this.actions.retry(index)));
  }
}
