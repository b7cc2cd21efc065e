/**
 * The waiting page: one file with its style and script inside, the same for every drop. The policy of a browser allows
 * exactly these two by their hashes, and what this script loads: the solver of a line that asks for work.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { contentSecurityPolicy } from "./headers.ts";

export type WaitPage = { html: string; policy: string };

/** @throws if the file is not there: it is one of the built ones. */
export function readWaitPage(path: string): WaitPage {
  const html = readFileSync(path, "utf8");
  const script = hashIn(html, "script");
  const style = hashIn(html, "style");
  return { html, policy: contentSecurityPolicy({ script: `${script} 'self'`, style }) };
}

function hashIn(html: string, tag: "script" | "style"): string {
  const [, text = ""] = new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`).exec(html) ?? [];
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
