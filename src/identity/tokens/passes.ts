/** Signs and reads passes: each lets one person order one product of a drop, in one order. */
import { createSignedFields } from "./signed-fields.ts";

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
  const signed = createSignedFields<Fields>(secret, "dropgate drop passes");

  return {
    sign: ({ passId, userId, dropId, productId, expiresAtMs }) =>
      signed.sign([passId, userId, dropId, productId, expiresAtMs]),

    read(token) {
      const fields = signed.read(token);
      if (!fields) return undefined;
      const [passId, userId, dropId, productId, expiresAtMs] = fields;
      return { passId, userId, dropId, productId, expiresAtMs };
    },
  };
}

type Fields = [passId: string, userId: string, dropId: string, productId: string, expiresAtMs: number];
