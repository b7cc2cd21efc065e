/** How Ada, Grace and Linus come in: by one click where the shop has demo people, else as everywhere. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { Role } from "#identity";
import { runCommand } from "../support/command.ts";
import { profileName } from "../support/profile.ts";
import { mailedCode } from "./mailed-code.ts";
import { nothingKept, type Person, type Stage } from "./stage.ts";

export const wayIn = profileName === "embedded" ? "by one click" : "by signing up, and the first ADMIN by one command";

const demoButtons = { ada: "Ada buys", grace: "Grace runs the shop", linus: "Linus packs" };

export async function comeIn(stage: Stage, name: keyof typeof demoButtons, role: Role): Promise<Person> {
  const person = await stage.person(`${name}-is-not-in-yet`, { storageState: nothingKept });
  const { page } = person;
  if (profileName === "embedded") {
    await page.goto("/login?to=/me");
    await page.getByRole("button", { name: demoButtons[name] }).click();
  } else if (role === "ADMIN") await appointed(stage, page, name);
  else await signedUp(stage, page, name, role);
  await page.getByText(/Shopping as (Ada|Grace|Linus)/i).waitFor();
  const session = await page.request.get("/session");
  const { account } = (await session.json()) as { account: { userId: string; roles: Role[] } };
  assert.ok(account.roles.includes(role), JSON.stringify(account));
  return { ...person, userId: account.userId, api: stage.world.as(account.userId, role) };
}

/** The command prints a password, and the page signs in with it. */
async function appointed(stage: Stage, page: Page, name: string): Promise<void> {
  const email = `${name}@shop.example`;
  const password = /password is (\S+)/.exec(await appoint(stage, email, "ADMIN"))?.[1] ?? assert.fail("no password");
  await page.goto("/login?to=/me");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: /^Sign in$/ }).click();
}

async function signedUp(stage: Stage, page: Page, name: string, role: Role): Promise<void> {
  const email = `${name}@shop.example`;
  await page.goto("/join?to=/me");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel(/^A new password/).fill("correct horse battery");
  await page.getByRole("button", { name: "Sign up" }).click();
  const code = await mailedCode(stage.world, email);
  await page.getByLabel("Code from the mail").fill(code);
  await page.getByRole("button", { name: "Use this code" }).click();
  await page.getByText(`Shopping as ${name}`).waitFor();
  if (role === "CUSTOMER") return;
  await appoint(stage, email, role);
  // The session renews itself with the new role.
  await page.reload();
}

async function appoint({ world }: Stage, email: string, role: Role): Promise<string> {
  const { port } = new URL(world.origin);
  const settings = { PORT: port, HOST: "127.0.0.1", JWT_SECRET: world.secret };
  const folder = mkdtempSync(join(tmpdir(), "dropgate-appoint-"));
  const command = runCommand(folder, ["appoint", "--email", email, "--role", role], settings);
  const code = await command.ended;
  rmSync(folder, { recursive: true });
  assert.equal(code, 0, command.output);
  return command.output;
}
