// Emphasis, code, links and line breaks inside one block of Markdown. One pass over the text; every search is bounded, so that hostile
// text costs no more than its length.
import { el } from "./dom.js";

const maxOpen = 12; // emphases and links open at once; further ones are text
const maxUrl = 2048;
const maxTitle = 256;
const punctuation = /[!-/:-@[-`{-~]/;
const tags = { 1: "em", 2: "strong" };

/** Appends the text to the parent as nodes. */
export function appendInline(parent, text) {
  new Inline(text).read(parent);
}

/** A link to the web or to a mail program, or null: no other scheme becomes a link. */
export function safeLink(url, children) {
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return null;
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

class Inline {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.frames = [{ nodes: [] }]; // what is open: the outermost, then emphases and links
    this.plain = "";
    this.ticks = ticksByLength(text);
  }

  read(parent) {
    while (this.at < this.text.length) this.step(this.text[this.at]);
    while (this.frames.length > 1) this.unwrap();
    this.flush();
    for (const node of this.frames[0].nodes) parent.append(node);
  }

  step(char) {
    switch (char) {
      case "\\": return this.escape();
      case "`": return this.code();
      case "*": case "_": case "~": return this.delimiters(char);
      case "!": return this.text[this.at + 1] === "[" ? this.open("![") : this.literal(1);
      case "[": return this.open("[");
      case "]": return this.closeLink();
      case "<": return this.autolink();
      case "h": return this.bareLink();
      case "\n": return this.lineBreak();
      default: return this.literal(1);
    }
  }

  literal(length) {
    this.plain += this.text.slice(this.at, this.at + length);
    this.at += length;
  }

  flush() {
    if (this.plain !== "") this.add(document.createTextNode(this.plain), true);
    this.plain = "";
  }

  add(node, isText = false) {
    if (!isText) this.flush();
    this.frames.at(-1).nodes.push(node);
  }

  escape() {
    const next = this.text[this.at + 1];
    if (next === "\n") {
      this.at += 1;
      return;
    }
    if (next === undefined || !punctuation.test(next)) return this.literal(1);
    this.at += 1;
    this.literal(1);
  }

  lineBreak() {
    this.plain = this.plain.trimEnd();
    this.add(el("br"));
    this.at += 1;
    while (this.text[this.at] === " ") this.at += 1;
  }

  code() {
    const length = runLength(this.text, this.at);
    const ends = this.ticks.get(length);
    while (ends.length > 0 && ends.at(-1) <= this.at) ends.pop();
    const end = ends.at(-1);
    if (end === undefined) return this.literal(length);
    let code = this.text.slice(this.at + length, end).replaceAll("\n", " ");
    if (code.startsWith(" ") && code.endsWith(" ") && code.trim() !== "") code = code.slice(1, -1);
    this.add(el("code", {}, code));
    this.at = end + length;
  }

  delimiters(char) {
    const length = runLength(this.text, this.at);
    const [before, after] = [this.text[this.at - 1] ?? " ", this.text[this.at + length] ?? " "];
    const isInWord = char === "_" && isWord(before) && isWord(after);
    const [opens, closes] = [!isInWord && !isBlank(after), !isInWord && !isBlank(before)];
    let left = length;
    if (char === "~") {
      if (length !== 2) return this.literal(length);
      if (closes && this.close("~", 2)) left = 0;
      else if (opens && this.push("~", 2)) left = 0;
    } else if (length <= 3) {
      while (closes && left > 0) {
        const closed = this.close(char, left);
        if (closed === 0) break;
        left -= closed;
      }
      while (opens && left > 0) {
        if (!this.push(char, left >= 2 ? 2 : 1)) break;
        left -= left >= 2 ? 2 : 1;
      }
    }
    this.plain += char.repeat(left);
    this.at += length;
  }

  push(char, length) {
    if (this.frames.length > maxOpen) return false;
    this.flush();
    this.frames.push({ char, length, nodes: [], source: char.repeat(length) });
    return true;
  }

  /** Ends the innermost emphasis of this character that is not longer. Gives its length; 0 where there is none. */
  close(char, length) {
    const index = this.frames.findLastIndex((frame) => frame.char === char && frame.length <= length && frame.length > 0);
    const inner = this.frames.findLastIndex((frame) => frame.char === "[" || frame.char === "![");
    if (index < 1 || index < inner) return 0;
    while (this.frames.length - 1 > index) this.unwrap();
    this.flush();
    const frame = this.frames.pop();
    if (frame.nodes.length === 0) this.plain += frame.source + frame.source;
    else this.add(el(char === "~" ? "del" : tags[frame.length], {}, frame.nodes));
    return frame.length;
  }

  /** What was opened and never closed is text. */
  unwrap() {
    this.flush();
    this.spill(this.frames.pop());
  }

  spill(frame) {
    const { nodes } = this.frames.at(-1);
    nodes.push(document.createTextNode(frame.source));
    for (const node of frame.nodes) nodes.push(node);
  }

  open(source) {
    if (this.frames.length > maxOpen) return this.literal(source.length);
    this.flush();
    this.frames.push({ char: source, length: 0, nodes: [], source });
    this.at += source.length;
  }

  closeLink() {
    const index = this.frames.findLastIndex((frame) => frame.char === "[" || frame.char === "![");
    const target = index > 0 && this.text[this.at + 1] === "(" ? this.target(this.at + 2) : null;
    if (target === null) {
      if (index > 0) while (this.frames.length > index) this.unwrap();
      return this.literal(1);
    }
    while (this.frames.length - 1 > index) this.unwrap();
    this.flush();
    const frame = this.frames.pop();
    // No image is loaded from elsewhere: one becomes a link to it. A link within a link stays the inner one.
    const link = frame.nodes.some((node) => node.nodeName === "A") ? null : safeLink(target.url, frame.nodes.length > 0 ? frame.nodes : [target.url]);
    if (link !== null) {
      this.add(link);
      this.at = target.end;
      return;
    }
    this.spill(frame);
    this.literal(1);
  }

  /** The address of a link that begins here, or null. A title is passed over. */
  target(start) {
    const piece = this.text.slice(start, start + maxUrl + maxTitle);
    const match = /^<([^<>\n]*)>/.exec(piece) ?? /^([^\s()]*(?:\([^\s()]*\)[^\s()]*)?)/.exec(piece);
    if (match[1] === "" || match[1].length > maxUrl) return null;
    const end = /^(?:[ \n]{1,3}(?:"[^"]*"|'[^']*'))?\)/.exec(piece.slice(match[0].length));
    return end && { url: match[1], end: start + match[0].length + end[0].length };
  }

  autolink() {
    const piece = this.text.slice(this.at, this.at + maxUrl);
    const match = /^<(https?:\/\/[^\s<>]+|mailto:[^\s<>]+)>/i.exec(piece);
    if (match === null) return this.literal(1);
    this.add(safeLink(match[1], [match[1]]));
    this.at += match[0].length;
  }

  bareLink() {
    const before = this.text[this.at - 1] ?? " ";
    if (isWord(before) || !/^https?:\/\//.test(this.text.slice(this.at, this.at + 8)) || this.frames.some((frame) => frame.char === "[")) return this.literal(1);
    const piece = this.text.slice(this.at, this.at + maxUrl);
    const url = /^https?:\/\/[^\s<>`*]+/.exec(piece)?.[0].replace(/[.,;:!?'")\]]{1,8}$/, "") ?? "";
    if (url.length < 9) return this.literal(1);
    this.add(safeLink(url, [url]));
    this.at += url.length;
  }
}

/** Where runs of backticks of each length begin, last first: each is looked at once. */
function ticksByLength(text) {
  const starts = new Map();
  for (let at = text.indexOf("`"); at >= 0; at = text.indexOf("`", at)) {
    const length = runLength(text, at);
    if (!starts.has(length)) starts.set(length, []);
    starts.get(length).push(at);
    at += length;
  }
  for (const list of starts.values()) list.reverse();
  return starts;
}

function runLength(text, at) {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

const isBlank = (char) => /\s/.test(char);
const isWord = (char) => /[\p{L}\p{N}]/u.test(char);
