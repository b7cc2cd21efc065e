/** The console when answers come late: what was typed, opened or changed meanwhile stays. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { heldBack } from "./held-back.ts";
import { openConsole, type Stage, skip } from "./stage.ts";

const lamp = { productId: "night-lamp", name: "Night lamp", price: 4_900, currency: "EUR" };

describe("the console with late answers", { skip }, () => {
  let stage: Stage;
  let page: Page;
  before(async () => {
    ({ stage, page } = await openConsole({ at: "/console/health" }));
    assert.equal((await stage.world.admin.post("/products", lamp)).status, 201);
  });
  after(() => stage?.close());

  const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });

  test("a switch that was answered stands, although an older look at it comes last", async () => {
    await page.goto("/console/switch");
    await page.getByText(/^(As installed|Set by)/).waitFor();
    const look = await heldBack(page, "**/admin/gatekeeper");
    await look.answered;
    await page.getByRole("radio", { name: "Closed" }).click();
    await button("Switch to Closed").click();
    const state = page.locator(".summary .status");
    await state.getByText("Closed", { exact: true }).waitFor();
    await look.pass();
    assert.equal(await state.textContent(), "Closed");
    await stage.world.admin.put("/admin/gatekeeper", { mode: "gatekeeper" });
  });
});
