/** Signs and reads passes: each lets one person order one product of a drop, in one order. */
import { hkdfSync } from "node:crypto";
import { createHs256 } from "./hs256.ts";

export type Pass = {
  /** The key of its order: a second use names the same order, so a pass makes one at most. */
  passId: string;
  userId: string;
  dropId: string;
  productId: string;
  expiresAtMs: number;
};

export type Passes = {
  sign(pass: Pass): string;
  /**
   * Undefined if we did not sign it. The time is not checked: the order of an expired pass may exist, and a retry gets
   * it.
   */
  read(token: string): Pass | undefined;
};

export function createPasses(secret: string): Passes {
  // A key for this purpose alone: no token or ticket of ours is a pass, and no pass is one of them.
  const key = Buffer.from(hkdfSync("sha256", secret, "", "dropgate drop passes", 32)).toString("hex");
  const hs256 = createHs256(key);

  return {
    sign({ passId, userId, dropId, productId, expiresAtMs }) {
      const fields: Fields = [passId, userId, dropId, productId, expiresAtMs];
      const text = Buffer.from(JSON.stringify(fields)).toString("base64url");
      return `${text}.${hs256.sign(text)}`;
    },

    read(token) {
      const at = token.indexOf(".");
      if (at < 0 || !hs256.matches(token.slice(0, at), token.slice(at + 1))) return undefined;
      const fields = JSON.parse(Buffer.from(token.slice(0, at), "base64url").toString()) as Fields;
      const [passId, userId, dropId, productId, expiresAtMs] = fields;
      return { passId, userId, dropId, productId, expiresAtMs };
    },
  };
}

type Fields = [passId: string, userId: string, dropId: string, productId: string, expiresAtMs: number];
