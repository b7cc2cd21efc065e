/** Starts the servers of a benchmark, each in a process of its own, and speaks to them as an admin or a buyer. */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createIdentity, type Role } from "#identity";

export type Started = { child: ChildProcess; port: number; pid: number };

const secret = "a secret for benchmarks, of more than 32 bytes";
const tokensLastMs = 3_600_000;
const stock = 100_000_000;
const identity = createIdentity({ secret, issuer: "dropgate", trustUserHeader: false });

export async function start(file: string, env: Record<string, string>): Promise<Started> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { env: { ...process.env, ...env } });
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    child.once("message", (message) => resolve(message as { port: number }));
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code} before it was ready`)));
  });
  return { child, port, pid: child.pid ?? 0 };
}

/** The system with data of its own, until the stack is disposed. `LEAVE_OUT` names the services that do not run. */
export async function openSystem(
  stack: AsyncDisposableStack,
  env: { LEAVE_OUT: string },
): Promise<Started & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "dropgate-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const system = await start("system.ts", { PORT: "0", DATA_DIR: folder, JWT_SECRET: secret, ...env });
  stack.defer(() => stop(system.child));
  return { ...system, folder };
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.send({ ask: "stop" });
  });
}

export function tokenOf(user: string, role: Role): string {
  return identity.issue({ user, role, ttlMs: tokensLastMs });
}

/** As an admin, unless the token of another caller is given. @throws for any refusal. */
export async function call(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  token = tokenOf("bench", "ADMIN"),
): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...json });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** A product of this run, because the servers may hold those of an earlier one. Its stock never runs out. */
export async function prepareProduct(port: number): Promise<string> {
  const productId = `bench-lamp-${randomBytes(4).toString("hex")}`;
  await call(port, "POST", "/products", { productId, name: "Lamp", price: 4900, currency: "EUR" });
  await call(port, "POST", `/inventory/${productId}/restock`, { quantity: stock, reason: "benchmark" });
  return productId;
}
