/** Hashes and checks passwords with Argon2id, one at a time, so that a rush of log-ins leaves the orders a core. */
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { createTurns } from "#platform/turns";

export type Passwords = {
  /** The PHC string to store, or undefined while too many wait. */
  hash(password: string): Promise<string | undefined>;
  /**
   * Whether the password is the one of `phc`; undefined while too many wait. Without a `phc` it takes the same time and
   * is never right, so that the time does not tell whether there is an account.
   */
  check(password: string, phc: string | undefined): Promise<boolean | undefined>;
};

/** OWASP's least setting for Argon2id: 18 ms of one core. */
const cost = { memory: 19 * 1024, passes: 2, parallelism: 1 };
const saltBytes = 16;
const hashBytes = 32;
const derive = promisify(argon2);

export function createPasswords({ mostWaiting }: { mostWaiting: number }): Passwords {
  const turns = createTurns(1);
  let waiting = 0;

  async function inTurn<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (waiting >= mostWaiting) return undefined;
    waiting += 1;
    try {
      return await turns(work);
    } finally {
      waiting -= 1;
    }
  }

  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = randomBytes(saltBytes);
        return phcOf(salt, await derivedFrom(password, { ...cost, salt, length: hashBytes }));
      }),

    check: (password, phc) =>
      inTurn(async () => {
        const stored = partsOf(phc ?? noPassword);
        const given = await derivedFrom(password, { ...stored, length: stored.hash.length });
        return timingSafeEqual(given, stored.hash) && phc !== undefined;
      }),
  };
}

type Derivation = typeof cost & { salt: Buffer; length: number };

function derivedFrom(password: string, { salt, length, ...params }: Derivation): Promise<Buffer> {
  // Two spellings of one character are the same password on every keyboard.
  return derive("argon2id", { message: password.normalize("NFKC"), nonce: salt, tagLength: length, ...params });
}

function phcOf(salt: Buffer, hash: Buffer): string {
  const { memory, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${bare(salt)}$${bare(hash)}`;
}

function bare(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}

/** @throws for a string that this program did not write. */
function partsOf(phc: string) {
  const [, m, t, p, salt, hash] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(phc) ?? [];
  if (!salt || !hash) throw new Error("a stored password is not in the PHC format of Argon2id");
  return {
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

const noPassword = phcOf(randomBytes(saltBytes), randomBytes(hashBytes));

export const leastCharacters = 10;

/** Says what is wrong with a new password, or nothing. Length counts most; no rule asks for digits or signs. */
export function weaknessOf(password: string, email: string): string | undefined {
  const text = password.normalize("NFKC").toLowerCase();
  if ([...text].length < leastCharacters) return `A password has at least ${leastCharacters} characters`;
  if (new Set(text).size < 5) return "A password has at least five different characters";
  const [name = ""] = email.split("@", 1);
  if (text.includes(email) || (name.length > 3 && text.replace(name, "").length < leastCharacters - 4)) {
    return "A password is not your address with little beside it";
  }
  return commonBeginnings.some((word) => text.startsWith(word) && text.length < word.length + 5)
    ? "This password is one of the first that an attacker tries"
    : undefined;
}

const commonBeginnings = ["password", "passwort", "qwertyuiop", "1234567890", "iloveyou", "letmein", "dropgate"];
