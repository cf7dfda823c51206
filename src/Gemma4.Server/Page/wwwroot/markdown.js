// A safe subset of Markdown: headings, paragraphs, lists, quotes, tables, rules, fenced code. It builds elements and text nodes and
// never markup, so whatever a model writes is shown and nothing of it runs. HTML in the text is text.
import { copyButton, el } from "./dom.js";
import { appendInline } from "./inline-markdown.js";

const maxDepth = 6; // of lists and quotes within each other; deeper ones are paragraphs
const maxColumns = 64;
const fence = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const heading = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const quote = /^ {0,3}>/;
const item = /^( {0,3})([-*+]|\d{1,9}[.)])( {1,4}|$)/;

/**
 * Shows the text in the element. What it shows already stays where nothing changed: a growing answer costs its last block, and what a
 * reader has selected in the others stays selected.
 */
export function showMarkdown(element, text) {
  const next = blocks(text.split("\n"), 0);
  const shown = element.shownBlocks ?? [];
  let same = 0;
  while (same < shown.length && same < next.length && shown[same].source === next[same].source) same += 1;
  for (const block of shown.slice(same)) block.node.remove();
  for (const block of next.slice(same)) element.append(block.node = block.build());
  element.shownBlocks = [...shown.slice(0, same), ...next.slice(same)];
}

/** The blocks of these lines, each with the text it is made of. */
function blocks(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at].trim() === "") {
      at += 1;
      continue;
    }
    const [end, build] = block(lines, at, depth);
    found.push({ source: lines.slice(at, end).join("\n"), build });
    at = end;
  }
  return found;
}

function block(lines, at, depth) {
  const line = lines[at];
  if (fence.test(line)) return fencedCode(lines, at);
  if (heading.test(line)) return [at + 1, () => headingOf(line)];
  if (isRule(line)) return [at + 1, () => el("hr")];
  if (depth < maxDepth && quote.test(line)) return quoteOf(lines, at, depth);
  if (depth < maxDepth && item.test(line)) return listOf(lines, at, depth);
  if (isTable(lines, at)) return tableOf(lines, at);
  return paragraphOf(lines, at, depth);
}

function children(lines, depth) {
  return blocks(lines, depth + 1).map((block) => block.build());
}

function fencedCode(lines, at) {
  const [, marks, info] = fence.exec(lines[at]);
  let end = at + 1;
  while (end < lines.length && !(lines[end].trim().length >= marks.length && lines[end].trim() === marks[0].repeat(lines[end].trim().length))) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  const language = info.trim().slice(0, 40);
  return [Math.min(end + 1, lines.length), () => el("figure", { class: "code" },
    el("figcaption", {}, el("span", {}, language || "text"), copyButton("Copy", () => code)),
    el("pre", { tabindex: "0", "aria-label": `Code, ${language || "text"}`, role: "region" }, el("code", {}, code)))];
}

function headingOf(line) {
  const [match, marks] = heading.exec(line);
  let text = line.slice(match.length).trim();
  let end = text.length;
  while (end > 0 && text[end - 1] === "#") end -= 1;
  if (end === 0 || text[end - 1] === " ") text = text.slice(0, end).trim();
  // The page's own headings are the first two levels.
  const node = el(`h${Math.min(marks.length + 2, 6)}`);
  appendInline(node, text);
  return node;
}

function isRule(line) {
  if (!/^ {0,3}[-*_]/.test(line)) return false;
  const marks = line.replaceAll(" ", "").trim();
  return marks.length >= 3 && marks === marks[0].repeat(marks.length);
}

function quoteOf(lines, at, depth) {
  let end = at;
  while (end < lines.length && quote.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return [end, () => el("blockquote", {}, children(inner, depth))];
}

function listOf(lines, at, depth) {
  const isOrdered = (marker) => marker.length > 1;
  const [, , first] = item.exec(lines[at]);
  const items = [];
  let offset = 0;
  let end = at;
  for (; end < lines.length; end += 1) {
    const line = lines[end];
    const match = item.exec(line);
    const indent = line.length - line.trimStart().length;
    if (line.trim() === "") {
      const next = lines[end + 1] ?? "";
      if (items.length === 0 || next.trim() === "" || !(item.test(next) || next.startsWith(" ".repeat(offset)))) break;
      items.at(-1).push("");
    } else if (items.length > 0 && indent >= offset) {
      items.at(-1).push(line.slice(offset));
    } else if (match !== null && !isRule(line)) {
      if (isOrdered(match[2]) !== isOrdered(first)) break;
      offset = match[0].length + (match[3] === "" ? 1 : 0);
      items.push([line.slice(match[0].length)]);
    } else if (lines[end - 1].trim() !== "" && !startsBlock(line)) {
      items.at(-1).push(line.trimStart());
    } else {
      break;
    }
  }
  const start = isOrdered(first) ? Number.parseInt(first, 10) : 1;
  return [end, () => el(isOrdered(first) ? "ol" : "ul", { start: start === 1 ? null : start }, items.map((inner) => el("li", {}, children(inner, depth))))];
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split(/(?<!\\)\|/, maxColumns).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function isTable(lines, at) {
  const rule = lines[at + 1];
  if (!lines[at].includes("|") || rule === undefined || !rule.includes("-") || !/^[\s|:-]+$/.test(rule)) return false;
  const columns = cells(rule);
  return columns.length === cells(lines[at]).length && columns.every((cell) => /^:?-+:?$/.test(cell));
}

function tableOf(lines, at) {
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const sides = cells(lines[at + 1]).map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : null));
  const row = (line, tag) => {
    const texts = cells(line);
    return el("tr", {}, sides.map((side, i) => {
      const cell = el(tag, { class: side, scope: tag === "th" ? "col" : null });
      appendInline(cell, texts[i] ?? "");
      return cell;
    }));
  };
  return [end, () => el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" },
    el("table", {}, el("thead", {}, row(lines[at], "th")), el("tbody", {}, lines.slice(at + 2, end).map((line) => row(line, "td")))))];
}

function startsBlock(line) {
  return fence.test(line) || heading.test(line) || isRule(line) || quote.test(line) || item.test(line);
}

function paragraphOf(lines, at, depth) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() !== "" && !(depth < maxDepth && startsBlock(lines[end])) && !isTable(lines, end)) end += 1;
  return [end, () => {
    const node = el("p");
    appendInline(node, lines.slice(at, end).map((line) => line.trim()).join("\n"));
    return node;
  }];
}
