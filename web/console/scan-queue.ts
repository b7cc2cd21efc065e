/**
 * Keeps scans on the device until the shop has answered each: a connection that is lost, or a page that is loaded again,
 * loses none, and the shop counts each once. They are sent one after the other, in their order, and only while the person
 * who scanned is the one who is signed in: the shop writes each down under the name of its sender.
 */
import { kept, onKeptElsewhere } from "../lib/kept.ts";
import { Refused } from "./ask.ts";
import { findSession } from "./session.ts";
import { type Parcel, warehouseApi } from "./warehouse-api.ts";

/** `by`: who scanned. Scans of an earlier version do not say it. */
export type WaitingScan = NewScan & { atMs: number };
type NewScan = { scanId: string; orderId: string; code: string; by?: string | undefined };
/** The shop's answer to a scan: the parcel after it, or why it does not count. */
export type Answered = { scan: WaitingScan } & ({ ok: true; parcel: Parcel } | { ok: false; error: Refused });

/** Each is kept by itself: of two tabs that write one list, one would write over the other's. */
const prefix = "scan:";
/** All in one list, of an earlier version. */
const formerName = "scans";
const againEveryMs = 2_000;

let listeners: (() => void)[] = [];
let answered: ((answer: Answered) => void)[] = [];
for (const [i, scan] of (kept.read<NewScan[]>(formerName) ?? []).entries()) {
  const one = { ...scan, atMs: i };
  kept.write(nameOf(one), one);
}
kept.forget(formerName);
let waiting = readKept();
let isSending = false;
let timer: ReturnType<typeof setTimeout> | undefined;

export const scanQueue = {
  /** Resolves once it was answered, or was not: then it still waits. */
  async add(scan: NewScan): Promise<"answered" | "kept"> {
    const one = { ...scan, atMs: Date.now() };
    kept.write(nameOf(one), one);
    hear([...waiting, one]);
    await send(scan.by);
    return waiting.some(({ scanId }) => scanId === scan.scanId) ? "kept" : "answered";
  },
  waiting: () => waiting,
  onChange(listener: () => void): () => void {
    listeners = [...listeners, listener];
    return () => {
      listeners = listeners.filter((one) => one !== listener);
    };
  },
  onAnswer(listener: (answer: Answered) => void): () => void {
    answered = [...answered, listener];
    return () => {
      answered = answered.filter((one) => one !== listener);
    };
  },
  send,
};

addEventListener("online", () => void send());
onKeptElsewhere(prefix, () => hear(readKept()));

function nameOf({ atMs, scanId }: WaitingScan): string {
  return `${prefix}${atMs}:${scanId}`;
}

function readKept(): readonly WaitingScan[] {
  const all = kept.names(prefix).flatMap((name) => kept.read<WaitingScan>(name) ?? []);
  return all.toSorted((one, other) => one.atMs - other.atMs);
}

function hear(scans: readonly WaitingScan[]): void {
  waiting = scans;
  for (const listener of listeners) listener();
}

/**
 * Ends when no scan of this person is left or no answer comes; then it begins again by itself. `by` has scanned just now; without
 * it the shop is asked who is signed in.
 */
async function send(by?: string): Promise<void> {
  clearTimeout(timer);
  if (isSending) return;
  isSending = true;
  const sender = by ?? (waiting.length > 0 ? await whoIsSignedIn() : undefined);
  const next = () => waiting.find((scan) => sender !== undefined && (scan.by ?? sender) === sender);
  for (let scan = next(); scan; scan = next()) {
    const answer = await ask(scan);
    if (!answer) break;
    kept.forget(nameOf(answer.scan));
    hear(waiting.filter(({ scanId }) => scanId !== answer.scan.scanId));
    for (const listener of answered) listener(answer);
  }
  isSending = false;
  if (waiting.length > 0) timer = setTimeout(() => void send(), againEveryMs);
}

async function whoIsSignedIn(): Promise<string | undefined> {
  const session = await findSession().catch(() => undefined);
  return session?.account?.userId;
}

/** undefined: it is not known whether the shop has it, so it is sent again. */
async function ask(scan: WaitingScan): Promise<Answered | undefined> {
  const { orderId, scanId, code, by } = scan;
  try {
    return { scan, ok: true, parcel: await warehouseApi.scan(orderId, by, { scanId, code }) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const isFinal = error.status >= 400 && error.status < 500 && ![401, 408, 412, 429].includes(error.status);
    return isFinal ? { scan, ok: false, error } : undefined;
  }
}
