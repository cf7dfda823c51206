// Writes the screenshots of docs/images. With the demo model served:
//   BASE_URL=http://127.0.0.1:8000 CHROMIUM=/usr/bin/chromium node screenshots.mjs
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch, open } from "./browser.mjs";

const docs = fileURLToPath(new URL("../../../docs/", import.meta.url));
mkdirSync(`${docs}images`, { recursive: true });
const browser = await launch();

for (const [name, isPhone] of [["page-light", false], ["page-phone-dark", true]]) {
  const { page, ask, ready, close } = await open(browser, isPhone
    ? { colorScheme: "dark", viewport: { width: 360, height: 740 }, deviceScaleFactor: 1.5 }
    : { colorScheme: "light", viewport: { width: 1280, height: 800 } });
  await ready();
  await page.getByLabel("Thinking").selectOption("low");
  await ask("What is the capital of Italy?");
  await page.getByLabel("Thinking").selectOption("");
  if (!isPhone) {
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.getByRole("button", { name: "Settings" }).click();
  }
  await page.locator("#files").setInputFiles(`${docs}shapes.png`);
  await page.getByLabel("Budget of shapes.png in tokens").selectOption("70");
  await page.locator("#attachments .cost", { hasText: /^\d+ tokens$/ }).waitFor();
  await ask("What is in this image?");
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${docs}images/${name}.png` });
  await close();
}
await browser.close();
