/** Uses a page by its keyboard: what only a mouse reaches fails the story. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

type Role = "button" | "textbox" | "radio" | "link" | "checkbox" | "combobox";

/** Goes on with the Tab key until the first such element has the focus. */
export async function tabTo(page: Page, role: Role, name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name }).first();
  await wanted.waitFor();
  for (let steps = 0; steps < 60; steps += 1) {
    if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the Tab key does not reach the ${role} ${name}`);
}

/** The same for the element of a selector, where role and name would find too much. */
export async function tabToMatch(page: Page, selector: string): Promise<void> {
  // The page may still wait for its data. The box of a radio is hidden behind its label.
  await page.locator(selector).first().waitFor({ state: "attached" });
  for (let tabs = 0; tabs < 60; tabs += 1) {
    if (await page.evaluate<boolean>(`document.activeElement?.matches('${selector}') === true`)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`60 times Tab did not lead to ${selector}`);
}
