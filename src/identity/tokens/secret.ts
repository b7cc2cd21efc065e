/** Keeps the secret that signs tokens, and signs tokens on the command line. */
import { randomBytes } from "node:crypto";
import { link, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { openFolder } from "#platform/folder";
import type { Role } from "../roles.ts";
import { createTokens } from "./tokens.ts";

const fileName = "jwt-secret";

/**
 * The secret that signs tokens on a developer's machine, made on first use and kept in a file of mode 0600. The file
 * appears whole or not at all, so that two processes that start together agree on one.
 */
export async function loadOrCreateSecret(dataDir: string): Promise<string> {
  const path = join(dataDir, fileName);
  const existing = await readIfThere(path);
  if (existing !== undefined) return existing;

  openFolder(dataDir, { mode: 0o755 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${newSecret()}\n`);
    await file.sync();
    // Unlike a rename, a link never replaces the secret of a faster process.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
  const secret = await readIfThere(path);
  if (secret === undefined) throw new Error(`${path} was removed while it was being made; start again`);
  return secret;
}

/** The secret that signs the tokens of this configuration. */
export async function secretOf(config: { JWT_SECRET: string | undefined; DATA_DIR: string }): Promise<string> {
  return config.JWT_SECRET ?? (await loadOrCreateSecret(config.DATA_DIR));
}

/**
 * The same for a program that asks the running system: it makes no secret, because the system would not have it. Tokens
 * are then signed with one that no process knows, and the system says that they are not its own.
 */
export async function secretToAskWith(config: { JWT_SECRET: string | undefined; DATA_DIR: string }): Promise<string> {
  return config.JWT_SECRET ?? (await readIfThere(join(config.DATA_DIR, fileName))) ?? newSecret();
}

function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

const developmentTokenTtlMs = 24 * 60 * 60 * 1000;

/** The output of the `token` command: a bearer token from the running configuration's own issuer, valid for a day. */
export async function issueToken(
  config: { JWT_SECRET: string | undefined; JWT_ISSUER: string; JWT_AUDIENCE: string | undefined; DATA_DIR: string },
  { role, user }: { role: Role; user?: string | undefined },
): Promise<string> {
  const tokens = createTokens({
    secret: await secretOf(config),
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
  });
  return tokens.issue({ user: user ?? role.toLowerCase(), roles: [role], ttlMs: developmentTokenTtlMs });
}

async function readIfThere(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR"].includes(code)) return undefined;
    throw new Error(`cannot read the secret for tokens at ${path}: let this user read it, or set JWT_SECRET`, {
      cause: error,
    });
  }
  if (text.trim().length < 32) throw new Error(`${path} holds no usable secret; delete it to have a new one made`);
  return text.trim();
}
