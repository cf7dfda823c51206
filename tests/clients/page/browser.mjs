// A browser for the tests: each test has a page of its own, and fails where the page said an error, broke its policy or asked another host.
import { chromium } from "playwright-core";

const base = new URL(process.env.BASE_URL).href;
export const addresses = { demo: base, scripted: process.env.SCRIPTED_URL };

/** Starts the browser, with a microphone that plays a beep. */
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
});

/** Opens the page, set to the demo model's surest answers; options are the browser context's. */
export async function open(browser, { url = addresses.demo, expectedFaults = /^$/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ["clipboard-read", "clipboard-write"], ...options });
  await context.addInitScript(() => {
    if (localStorage.getItem("gemma4.settings") === null) localStorage.setItem("gemma4.settings", JSON.stringify({ temperature: "0" }));
  });
  const faults = [];
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !expectedFaults.test(message.text())) faults.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("dialog", (dialog) => faults.push(`a dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (!["blob:", "data:"].includes(protocol) && origin !== new URL(url).origin) faults.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  const answered = (number) => page.locator(".answer[aria-busy=false]").nth(number - 1).waitFor();
  return {
    page,
    log: page.locator("#log"),
    answers: page.locator(".answer"),
    /** Sends a message and waits for the end of its answer. */
    async ask(text) {
      const before = await page.locator(".answer").count();
      await page.getByRole("textbox", { name: "Message" }).fill(text);
      await page.keyboard.press("Enter");
      await answered(before + 1);
    },
    /** Waits until this many answers have ended. */
    answered,
    ready: () => page.getByText("Ready", { exact: true }).waitFor({ state: "attached" }),
    clipboard: () => page.evaluate(() => navigator.clipboard.readText()),
    faults,
    close: () => context.close(),
  };
}
