/**
 * Says who the shopper is. Until there are accounts, the embedded default gives every visitor the demo shopper's token (see
 * src/pages/demo-shopper.ts); other installations give none, and the pages say so. Cookies of accounts replace this file.
 */
import { kept } from "./kept.ts";

export type Shopper = { token: string; userId: string; name: string; goodUntilMs: number };

let asking: Promise<Shopper | undefined> | undefined;

/** undefined if there is no way to sign in. @throws if no answer comes. */
export async function shopper(): Promise<Shopper | undefined> {
  const known = kept.read<Shopper>("shopper");
  if (known && known.goodUntilMs > Date.now()) return known;
  asking ??= logIn().finally(() => {
    asking = undefined;
  });
  return asking;
}

export async function authorization(): Promise<Record<string, string>> {
  const known = await shopper();
  return known ? { authorization: `Bearer ${known.token}` } : {};
}

export function forgetShopper(): void {
  kept.forget("shopper");
}

async function logIn(): Promise<Shopper | undefined> {
  const response = await fetch("/session/demo", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ person: "ada" }),
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the demo shopper was answered ${response.status}`);
  const { expiresInMs, ...rest } = (await response.json()) as Omit<Shopper, "goodUntilMs"> & { expiresInMs: number };
  // A minute early, so that no request leaves with a token that ends on its way.
  const found = { ...rest, goodUntilMs: Date.now() + expiresInMs - 60_000 };
  kept.write("shopper", found);
  return found;
}
