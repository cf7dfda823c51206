// The page at / in Chromium, as people use it. Run by PageBrowserTests, which starts the servers: one with the demo model, and one that wants
// a key and whose engine says hostile text, or goes on without an end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import axe from "axe-core";
import { addresses, launch, open } from "./browser.mjs";

const docs = new URL("../../../docs/", import.meta.url);
const shapes = readFileSync(new URL("shapes.png", docs));
const digits = readFileSync(new URL("digits.wav", docs));
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** A test with a page of its own. */
function onPage(name, options, body) {
  test(name, async () => {
    const opened = await open(browser, options);
    try {
      await body(opened);
      assert.deepEqual(opened.faults, []);
    } catch (error) {
      error.message += `\n${opened.faults.join("\n")}`;
      throw error;
    } finally {
      await opened.close();
    }
  });
}

/** Lets go of files over the page, or pastes them. */
const give = (page, kind, name, type, bytes) => page.evaluate(([kind, name, type, base64]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name, { type }));
  const event = kind === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}, [kind, name, type, bytes.toString("base64")]);

onPage("an answer streams and says how fast it was", {}, async ({ page, answers, ask, ready, answered, clipboard }) => {
  await ready();
  await page.evaluate(() => {
    window.lengths = new Set();
    new MutationObserver(() => window.lengths.add(document.querySelector(".answer .text")?.textContent.length ?? 0))
      .observe(document.getElementById("log"), { childList: true, subtree: true, characterData: true });
  });
  await ask("Tell me a story about a fox.");
  await answered(1);
  assert.ok((await page.evaluate(() => window.lengths.size)) > 3, "the answer came at once, not in pieces");
  assert.match(await answers.locator(".figures").textContent(), /tokens\/s · first token after [\d.]+ s · \d+ tokens in.*, \d+ out$/);
  const text = await answers.locator(".text").textContent();
  assert.equal(await page.locator("#status").textContent(), text);
  await answers.getByRole("button", { name: "Copy", exact: true }).click();
  assert.equal((await clipboard()).replaceAll("\n", ""), text);
});

onPage("a thought is folded, and opens by the keyboard", {}, async ({ page, answers, ask, ready }) => {
  await ready();
  await page.getByLabel("Thinking").selectOption("low");
  await ask("What is 7 + 5?");
  assert.match(await answers.locator(".text").textContent(), /12/);
  const thought = answers.locator(".thought-text");
  assert.equal(await thought.isVisible(), false);
  await answers.locator("summary").focus();
  await page.keyboard.press("Enter");
  assert.equal(await thought.isVisible(), true);
  assert.ok((await thought.textContent()).length > 0);
});

onPage("a call is shown, and its result goes back", {}, async ({ page, answers, ask, ready, answered }) => {
  await ready();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Insert an example" }).click();
  await ask("What is the weather in Paris?");
  const call = page.getByRole("region", { name: "Call of get_weather" });
  assert.deepEqual(JSON.parse(await call.getByRole("region", { name: "Arguments" }).textContent()), { city: "Paris" });
  await page.getByLabel("What get_weather gives").fill("{\"weather\": \"sunny\", \"temperature\": 20}");
  await page.getByRole("button", { name: "Send and go on" }).click();
  await answered(2);
  assert.match(await answers.nth(1).locator(".text").textContent(), /Paris.*20|20.*Paris/);
  assert.match(await call.textContent(), /sunny/);
});

onPage("an image is dropped, with what each budget costs, and an audio clip attached", {}, async ({ page, answers, ask, ready }) => {
  await ready();
  await page.getByRole("button", { name: "Settings" }).click();
  await give(page, "drop", "shapes.png", "image/png", shapes);
  const budget = page.getByLabel("Budget of shapes.png in tokens");
  await page.locator("#attachments .cost", { hasText: /^\d+ tokens$/ }).waitFor();
  assert.equal((await budget.locator("option").allTextContents()).filter((text) => /\d+ tokens$/.test(text)).length, 6);
  const before = await page.locator("#attachments .cost").textContent();
  await budget.selectOption("280");
  assert.notEqual(await page.locator("#attachments .cost").textContent(), before);
  await budget.selectOption("70");
  await ask("What is in this image?");
  assert.equal(await answers.locator(".text").textContent(), "A yellow triangle and a green square on a grey background.");
  assert.match(await page.locator(".question figcaption").textContent(), /^shapes\.png · \d+ tokens$/);

  await page.getByRole("button", { name: "New conversation" }).click();
  await page.locator("#files").setInputFiles({ name: "digits.wav", mimeType: "audio/wav", buffer: digits });
  await page.locator("#attachments .cost", { hasText: /^\d+ tokens$/ }).waitFor();
  await ask("Transcribe this.");
  assert.equal(await answers.locator(".text").textContent(), "nine five eight");
});

onPage("an image is pasted, a file that is none is refused, and an attachment goes away", {}, async ({ page, ready }) => {
  await ready();
  await give(page, "paste", "image.png", "image/png", shapes);
  await page.getByRole("button", { name: "Remove image.png" }).click();
  assert.equal(await page.locator("#attachments li").count(), 0);
  await give(page, "paste", "notes.txt", "text/plain", Buffer.from("x"));
  await page.getByRole("alert").getByText("notes.txt is neither an image nor an audio clip.").waitFor();
});

onPage("the microphone is recorded as the model hears it", {}, async ({ page, ready }) => {
  await ready();
  await page.getByRole("button", { name: "Record" }).click();
  const asked = page.waitForRequest(/\/render$/);
  await page.getByRole("button", { name: "Stop 1 s" }).click();
  const wav = Buffer.from((await asked).postDataJSON().messages[0].content[0].input_audio.data, "base64");
  const [channels, rate, seconds] = [wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt32LE(40) / 2 / 16_000];
  assert.deepEqual([channels, rate], [1, 16_000]);
  assert.ok(seconds > 0.3 && seconds < 30, `${seconds} s`);
  assert.ok(wav.subarray(44).some((byte) => byte !== 0), "silence");
  await page.locator("#attachments .cost", { hasText: /^\d+ tokens$/ }).waitFor();
});

onPage("an answer is asked again, a message edited, and a conversation kept, renamed and deleted", {}, async ({ page, answers, ask, ready, answered }) => {
  await ready();
  await ask("What is the capital of France?");
  await answers.getByRole("button", { name: "Retry" }).click();
  await answered(1);
  assert.equal(await answers.count(), 1);
  await ask("Count to 12.");
  await page.getByRole("button", { name: "Edit" }).first().click();
  await page.getByLabel("Edit the message").fill("What is the capital of Italy?");
  await page.getByRole("button", { name: "Send again" }).click();
  await page.locator(".answer[aria-busy=false]", { hasText: "Rome" }).waitFor();
  assert.equal(await answers.count(), 1);

  await page.getByRole("button", { name: "New conversation" }).click();
  assert.equal(await answers.count(), 0);
  await ask("What is 7 + 5?");
  const list = page.locator("#conversations li");
  assert.deepEqual(await list.locator(".title").allTextContents(), ["What is 7 + 5?", "What is the capital of Italy?"]);
  await page.getByRole("button", { name: "Rename What is 7 + 5?" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Sums");
  await page.keyboard.press("Enter");
  await list.getByText("Sums").waitFor();

  await page.reload();
  await ready();
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Sums");
  assert.equal(await answers.count(), 1);
  await list.getByText("What is the capital of Italy?").click();
  assert.match(await answers.locator(".text").textContent(), /Rome/);
  await page.getByRole("button", { name: "Delete What is the capital of Italy?" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await list.nth(1).waitFor({ state: "detached" });
  await page.reload();
  assert.deepEqual(await list.locator(".title").allTextContents(), ["Sums"]);
});

onPage("a refusal is shown with its field, and a setting that is wrong is not sent", { expectedFaults: /status of 400/ }, async ({ page, answers, ask, ready }) => {
  await ready();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.locator("#tools").fill("[{\"type\": \"function\", \"function\": {\"name\": \"a name\"}}]");
  await ask("Hi");
  assert.match(await answers.getByRole("alert").textContent(), /HTTP 400 · field tools\[0\]\.function\.name/);
  await page.locator("#tools").fill("[");
  await page.getByRole("textbox", { name: "Message" }).fill("Hi");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#tools").evaluate((field) => field === document.activeElement), true);
  assert.match(await page.locator("#tools-fault").textContent(), /^An array of tools/);
  assert.equal(await answers.count(), 1);
});

onPage("a key is asked for, and stays in the tab", { url: addresses.scripted, expectedFaults: /status of 401/ }, async ({ page, answers, ask, ready }) => {
  const dialog = page.getByRole("dialog", { name: "API key" });
  await dialog.getByLabel("Key", { exact: true }).fill("sk-wrong-key");
  await page.keyboard.press("Enter");
  await dialog.getByText("Incorrect API key provided").waitFor();
  await dialog.getByLabel("Key", { exact: true }).fill(process.env.KEY);
  await page.keyboard.press("Enter");
  await ready();

  // What the model writes is shown, and nothing of it is markup.
  await ask("Hi");
  const text = answers.locator(".text");
  assert.match(await text.textContent(), /^<img src=x onerror=alert\(1\)> bold \[one\]\(javascript:alert\(1\)\) two three/);
  assert.equal(await text.locator("img, script").count(), 0);
  assert.deepEqual(await text.locator("a").evaluateAll((links) => links.map((link) => [link.href, link.rel])), [
    ["https://example.org/", "noopener noreferrer"], ["https://example.org/x.png", "noopener noreferrer"]]);
  assert.equal(await text.locator("pre").textContent(), "<script>alert(1)</script>");

  // An answer without an end is stopped, by the button and by Esc; what has come stays.
  for (const stop of [() => page.getByRole("button", { name: "Stop" }).click(), () => page.keyboard.press("Escape")]) {
    await page.getByRole("textbox", { name: "Message" }).fill("Go on and on");
    await page.keyboard.press("Enter");
    await answers.last().locator(".text", { hasText: "On and on" }).waitFor();
    await stop();
    await answers.last().getByText("Stopped.").waitFor();
    assert.equal(await answers.last().locator(".text").textContent(), "On and on");
  }
  // It goes on while another conversation is looked at, and is there after it.
  await page.getByRole("textbox", { name: "Message" }).fill("Go on and on");
  await page.keyboard.press("Enter");
  await answers.last().locator(".text", { hasText: "On and on" }).waitFor();
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByRole("button", { name: "Hi answering" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await answers.last().getByText("Stopped.").waitFor();

  assert.deepEqual(await page.evaluate(() => [Object.values(sessionStorage).some((value) => value.startsWith("sk-")), Object.values(localStorage).some((value) => value.startsWith("sk-"))]), [true, false]);

  // A page that is closed before its answer came asks again.
  await page.getByRole("textbox", { name: "Message" }).fill("Go on and on");
  await page.keyboard.press("Enter");
  await answers.nth(4).locator(".text", { hasText: "On and on" }).waitFor();
  await page.reload();
  await ready();
  await page.getByText("This has no answer yet.").waitFor();
  assert.equal(await answers.count(), 4);
  await page.getByRole("button", { name: "Ask again" }).click();
  await answers.nth(4).locator(".text", { hasText: "On and on" }).waitFor();
});

onPage("a request is copied as programs that run", {}, async ({ page, answers, ask, ready, clipboard }) => {
  await ready();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Top-k").fill("5");
  await page.locator("#files").setInputFiles({ name: "it's $(echo) an `image`.png", mimeType: "image/png", buffer: shapes });
  await page.locator("#attachments .cost", { hasText: /^\d+ tokens$/ }).waitFor();
  await ask("What is in this image?");
  const image = await answers.locator(".text").textContent();
  await page.getByRole("button", { name: "New conversation" }).click();
  const question = "Repeat after me: it's \"$HOME\" `x` {{7}} \\n";
  await ask(question);
  const plain = await answers.locator(".text").textContent();

  const folder = mkdtempSync(join(tmpdir(), "page-"));
  try {
    writeFileSync(join(folder, "it_s __echo_ an _image_.png"), shapes);
    const copied = async (name) => {
      const button = await answers.getByRole("button", { name }).elementHandle();
      await button.click();
      await page.waitForFunction((clicked) => clicked.textContent === "Copied", button);
      return clipboard();
    };
    const run = (program) => JSON.parse(execFileSync("bash", ["-c", program], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] })).choices[0].message.content;
    assert.equal(run(await copied("curl")), plain);
    assert.ok((await copied("Python")).includes("extra_body={\n      \"top_k\": 5\n    },"));
    assert.ok((await copied("C#")).includes(JSON.stringify(question)));
    await page.getByRole("button", { name: "What is in this image?", exact: true }).click();
    assert.equal(run(await copied("curl")), image);
    assert.ok((await copied("C#")).includes("data:image/png;base64,{{Base64(\"it_s __echo_ an _image_.png\")}}"));
    const python = await copied("Python");
    assert.ok(python.includes("base64_of(\"it_s __echo_ an _image_.png\")"));
    writeFileSync(join(folder, "copied.py"), python);
    execFileSync("bash", ["-c", "command -v python3 >/dev/null || exit 0; python3 -m py_compile copied.py"], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

onPage("Markdown becomes elements, and hostile text costs no more than its length", {}, async ({ page }) => {
  const html = (text) => page.evaluate(async (text) => {
    const { showMarkdown } = await import("./page/markdown.js");
    const element = document.createElement("div");
    for (let end = 1; end < text.length; end += 7) showMarkdown(element, text.slice(0, end)); // as it streams
    showMarkdown(element, text);
    for (const button of element.querySelectorAll("button")) button.remove();
    return element.innerHTML.replace(/ (tabindex|role|aria-label|scope|target|rel)="[^"]*"/g, "");
  }, text);
  assert.equal(await html("# A *b*\n\nc **d _e_** `f*` ~~g~~\nh"), "<h3>A <em>b</em></h3><p>c <strong>d <em>e</em></strong> <code>f*</code> <del>g</del><br>h</p>");
  assert.equal(await html("- a\n  - b\n- c\n\n3. d\n4. e"), "<ul><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p></li></ul><ol start=\"3\"><li><p>d</p></li><li><p>e</p></li></ol>");
  assert.equal(await html("|a|b|\n|-|-:|\n|1|2|"), "<div class=\"table\"><table><thead><tr><th>a</th><th class=\"right\">b</th></tr></thead><tbody><tr><td>1</td><td class=\"right\">2</td></tr></tbody></table></div>");
  assert.equal(await html("> a\n> b\n\n---\n2 * 3 * 4, snake_case_name, \\*c\\*"), "<blockquote><p>a<br>b</p></blockquote><hr><p>2 * 3 * 4, snake_case_name, *c*</p>");
  assert.equal(await html("[a](https://b.org/c_(d)) https://e.org/f. <https://g.org>"),
    "<p><a href=\"https://b.org/c_(d)\">a</a> <a href=\"https://e.org/f\">https://e.org/f</a>. <a href=\"https://g.org\">https://g.org</a></p>");
  assert.equal(await html("```js\n<b>\n```\n<i>x</i> &amp;"), "<figure class=\"code\"><figcaption><span>js</span></figcaption><pre><code>&lt;b&gt;</code></pre></figure><p>&lt;i&gt;x&lt;/i&gt; &amp;amp;</p>");
  for (const link of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//evil.example", "\tjavascript:x"])
    assert.ok(!(await html(`[x](${link}) <${link}>`)).includes("<a"), link);

  // Each ends at all, which squares of these lengths would not.
  await page.evaluate(async () => {
    const { showMarkdown } = await import("./page/markdown.js");
    const long = 60_000;
    for (const piece of ["*", "_a ", "[", "[a](", "![", "`", "`a``b", "~~", "> ", "- ", "1. ", "#", " ", "|", "|-", "<http://", "h", "\\", "**a*", "\n\n", "a\n"])
      showMarkdown(document.createElement("div"), piece.repeat(long / piece.length));
  });
});

for (const [name, options] of Object.entries({
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: { width: 360, height: 740 } },
  "phone, dark": { colorScheme: "dark", viewport: { width: 360, height: 740 } },
})) {
  onPage(`it is accessible and fits: ${name}`, options, async ({ page, answers, ask, ready }) => {
    const check = async () => {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.getElementById("log").scrollWidth <= document.getElementById("log").clientWidth), true);
    };
    await ready();
    await check();
    await page.getByLabel("Thinking").selectOption("low");
    await give(page, "drop", "shapes.png", "image/png", shapes);
    await page.locator("#attachments .cost", { hasText: /^\d+ tokens$/ }).waitFor();
    await check();
    await ask("What is in this image?");
    await page.evaluate(async () => {
      const { showMarkdown } = await import("./page/markdown.js");
      showMarkdown(document.querySelector(".answer .text"), "# A\n\n`b` [c](https://d.org)\n\n```js\nlet e = 1; // and a line that is longer than a phone is wide, by far and without any doubt\n```\n\n|f|g|\n|-|-|\n|1|2|\n\n> h");
    });
    await answers.locator("summary").evaluate((summary) => { summary.parentElement.open = true; });
    await check();
    await page.getByRole("button", { name: "Settings" }).click();
    await check();
    await page.getByRole("button", { name: "Close" }).last().click();
    assert.equal(await page.locator("#open-settings").evaluate((button) => button === document.activeElement), true);
    if (name.startsWith("phone")) {
      await page.getByRole("button", { name: "Conversations" }).click();
      await check();
      await page.keyboard.press("Escape");
      assert.equal(await page.locator("#open-sidebar").evaluate((button) => button === document.activeElement), true);
      return;
    }
    await page.getByRole("button", { name: "API key" }).click();
    await check();
    await page.keyboard.press("Escape");
    assert.equal(await page.getByRole("dialog").count(), 0);
  });
}
