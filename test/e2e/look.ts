/**
 * Looks at a page as it stands: by axe in both colour schemes, at the narrowest width, and, where SCREENS names a
 * folder, by pictures that people look at. They are never compared.
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { smallPng } from "./small-png.ts";

const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
/** WCAG 1.4.10: this wide everything is there without scrolling sideways. */
const narrow = { width: 320, height: 800 };
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** `at`: what the pictures have to show where it lies below the first screen. */
export async function look(page: Page, name: string, at = "body"): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // The console follows the device by a script, which hears of the change with the next frame.
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    assert.equal(
      await page.evaluate<number>("document.getAnimations().length"),
      0,
      `${name} moves, and motion is reduced`,
    );
    const axe = new AxeBuilder({ page });
    // Of one document the schemes differ in colours alone.
    const { violations } = await (colorScheme === "light"
      ? axe.withTags(rules)
      : axe.withRules("color-contrast")
    ).analyze();
    assert.deepEqual(await page.evaluate(unseenMarks), [], `${name}, ${colorScheme}: a chosen box shows no mark`);
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    assert.deepEqual(told, [], `${name}, ${colorScheme}`);
    await picture(page, `${name}-${colorScheme}`, at);
  }
  await fitsNarrow(page, name);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

/** At the narrowest width there is nothing to scroll to sideways. */
export async function fitsNarrow(page: Page, name: string): Promise<void> {
  await page.setViewportSize(narrow);
  const wide = await page.evaluate<number>("document.scrollingElement.scrollWidth");
  assert.ok(wide <= narrow.width, `${name} is ${wide} px wide on a screen of ${narrow.width} px`);
  assert.deepEqual(await page.evaluate(cutTexts), [], `${name} cuts a text on a screen of ${narrow.width} px`);
  await page.setViewportSize(desktop);
}

/** The style of its border, once it is on the page. */
export async function borderOf(page: Page, selector: string): Promise<string> {
  await page.locator(selector).first().waitFor();
  return page.evaluate<string>(`getComputedStyle(document.querySelector("${selector}")).borderStyle`);
}

export async function picture(page: Page, name: string, at = "body"): Promise<void> {
  const folder = process.env.SCREENS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  for (const [size, viewport] of Object.entries({ desktop, phone })) {
    await page.setViewportSize(viewport);
    await page.evaluate(`document.querySelector("${at}").scrollIntoView(${at === "body"})`);
    await page.evaluate("document.fonts.ready");
    const png = await page.screenshot({ animations: "disabled", caret: "hide" });
    writeFileSync(join(folder, `${name}-${size}.png`), smallPng(png));
  }
  await page.setViewportSize(desktop);
}

/** Of the console: labels of buttons that are longer than their button, lists that would be scrolled sideways, and entries wider than their list. */
const cutTexts = `[...document.querySelectorAll(".mantine-Button-label, .mantine-Table-scrollContainer, .timeline li")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.textContent)`;

/** axe knows nothing of it (WCAG 1.4.11): the boxes whose mark has the colour of its ground. */
const unseenMarks = `[...document.querySelectorAll("input:checked, input[data-indeterminate]")]
  .filter((input) => input.nextElementSibling?.matches("svg"))
  .filter((input) => getComputedStyle(input).backgroundColor === getComputedStyle(input.nextElementSibling).color)
  .map((input) => input.labels?.[0]?.textContent ?? input.ariaLabel)`;
