/** Signs fields that a browser or another client keeps for us, and reads them back; no process keeps them. */
import { hkdfSync } from "node:crypto";
import { createHs256 } from "./hs256.ts";

export type SignedFields<Fields> = {
  sign(fields: Fields): string;
  /** Undefined if we did not sign them, or signed them for another purpose. */
  read(token: string): Fields | undefined;
};

/** The key is of this purpose alone (HKDF, RFC 5869): what one purpose signs, and a token of ours, is nothing to another. */
export function createSignedFields<Fields>(secret: string, purpose: string): SignedFields<Fields> {
  const key = Buffer.from(hkdfSync("sha256", secret, "", purpose, 32)).toString("hex");
  const hs256 = createHs256(key);

  return {
    sign(fields) {
      const text = Buffer.from(JSON.stringify(fields)).toString("base64url");
      return `${text}.${hs256.sign(text)}`;
    },

    read(token) {
      const at = token.indexOf(".");
      if (at < 0 || !hs256.matches(token.slice(0, at), token.slice(at + 1))) return undefined;
      return JSON.parse(Buffer.from(token.slice(0, at), "base64url").toString()) as Fields;
    },
  };
}
