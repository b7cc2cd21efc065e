/**
 * Gives a person a role: the way to the first ADMIN, who has no other ADMIN to ask. Without a mail server the shop keeps
 * the mail with the code, so the account is made here too, and its password is printed once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Role } from "#identity";
import { randomId } from "#platform/ids";
import { type Answer, type Ask, Refused } from "./ask.ts";

export type Appointment = {
  email: string;
  role: Role;
  /** The shop has a mail server, so the code of a new account reaches its owner alone. */
  isMailed: boolean;
  print(line: string): void;
};

type User = { userId: string; email: string; roles: Role[] };

export async function appointPerson(ask: Ask, { email: typed, role, isMailed, print }: Appointment): Promise<void> {
  const email = typed.toLowerCase();
  const known = await find(ask, email);
  if (!known && isMailed)
    throw new Refused(`no account has the address ${email}: let its owner sign up at /join, then repeat this`);
  const password = known ? undefined : await signUp(ask, email);
  const user = known ?? (await find(ask, email));
  if (!user) throw new Refused(`the new account of ${email} is not in the list of accounts`);
  const roles = [...new Set([...user.roles, role])];
  await ask("PATCH", `/admin/users/${user.userId}`, { roles });
  print(`${email} has the roles ${roles.join(", ")}.`);
  if (password)
    print(
      `The password is ${password}\nIt is shown here once. Sign in with it at /login, or in the console at /console.`,
    );
}

/** An address may be the end of many others, so all pages are looked through. */
async function find(ask: Ask, email: string): Promise<User | undefined> {
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = `limit=200&q=${encodeURIComponent(email)}${cursor && `&cursor=${cursor}`}`;
    const page = (await ask("GET", `/admin/users?${query}`)) as unknown as { items: User[]; nextCursor: string | null };
    const found = page.items.find((user) => user.email === email);
    if (found) return found;
    cursor = page.nextCursor;
  }
  return undefined;
}

/** As every person does, with the code of the mail that the shop keeps. Answers the password. */
async function signUp(ask: Ask, email: string): Promise<string> {
  const password = randomId(15).toString("base64url");
  const name = email.split("@")[0] ?? email;
  const { codeId } = await ask("POST", "/accounts", { email, name, password });
  const code = await codeFor(ask, email);
  await ask("POST", "/accounts/verify", { codeId, code });
  return password;
}

/** The mail is queued behind the answer. */
async function codeFor(ask: Ask, email: string): Promise<string> {
  for (let tries = 0; tries < 50; tries += 1) {
    const { items } = (await ask("GET", "/admin/mails")) as Answer & { items: { to: string; text: string }[] };
    const code = /code is (\d{6})/.exec(items.find(({ to }) => to === email)?.text ?? "")?.[1];
    if (code) return code;
    await sleep(100);
  }
  throw new Refused(`no mail with a code for ${email} is at /admin/mails: read the log of the shop`);
}
