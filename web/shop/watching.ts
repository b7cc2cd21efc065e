/** Watches one drop: read once, then its phase and units again and again while the page is open. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Drop, type Problem, type Product } from "../lib/api.ts";
import { shopNowMs } from "../lib/clock.ts";
import { neverThere } from "./product.tsx";

const everyMs = 3_000;
/** A tab that is not seen asks that many times less. */
const hiddenTimes = 6;
/** Nothing is asked around the opening, when the shop has orders to answer: the page knows the shop's clock. */
const quietMs = 2_000;

/** Of the shop, by `performance.now()`. */
export type Heard = {
  /** Its last news of the drop. */
  atMs: number;
  /** Since when it has been asked without an answer. */
  askedSinceMs: number | undefined;
};

export type Watched = {
  drop: Drop | undefined;
  /** The drop as the page read it first. */
  first: Drop | undefined;
  heard: Readonly<Heard>;
  products: readonly Product[];
  problem: Problem | undefined;
  readProducts(): Promise<unknown>;
};

export function useDrop(dropId: string): Watched {
  const [drop, setDrop] = useState<Drop>();
  const [first, setFirst] = useState<Drop>();
  const heard = useRef<Heard>({ atMs: 0, askedSinceMs: undefined }).current;
  const [products, setProducts] = useState<readonly Product[]>([]);
  const [problem, setProblem] = useState<Problem>();

  /** Answers why one did not come; it stays as it was. */
  async function readProducts(of = drop): Promise<Problem | undefined> {
    const ids = (of?.products ?? []).map(({ productId }) => productId);
    const answers = await Promise.all(ids.map((id) => api.product(id)));
    setProducts((known) =>
      answers.flatMap((answer, i) =>
        answer.ok ? [answer.body] : known.filter(({ productId }) => productId === ids[i]),
      ),
    );
    return answers.find((answer) => !answer.ok)?.problem;
  }

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isShown = true;
    let known: Drop | undefined;
    /** Without its products nothing of a drop can be bought: they are asked for until they come. */
    let missing: Problem | undefined;

    async function readFirst(): Promise<boolean> {
      const answer = await api.drop(dropId);
      if (!isShown) return false;
      if (!answer.ok) {
        setProblem(answer.problem);
        return !neverThere.includes(answer.problem.code);
      }
      hear();
      known = answer.body;
      setFirst(known);
      missing = await readProducts(known);
      setDrop(known);
      setProblem(missing);
      return isShown;
    }

    async function readLive(of: Drop, own: number): Promise<boolean> {
      heard.askedSinceMs ??= performance.now();
      const answer = await api.dropLive(dropId);
      // A later reading may have been answered before this one.
      if (answer.ok && own > lastRead) {
        lastRead = own;
        hear();
        known = { ...of, ...answer.body };
      }
      if (missing) {
        missing = await readProducts(of);
        setProblem(missing);
      }
      if (isShown) setDrop(known);
      return isShown;
    }

    function hear(): void {
      Object.assign(heard, { atMs: performance.now(), askedSinceMs: undefined });
    }

    /** A tab that is seen again reads at once: a reading that is still under way is the last of its own. */
    let latest = 0;
    let lastRead = 0;
    async function read(): Promise<void> {
      latest += 1;
      const own = latest;
      const goesOn = await (known ? readLive(known, own) : readFirst());
      if (goesOn && own === latest) timer = setTimeout(read, waitMs(known));
    }
    const seen = () => {
      if (document.hidden) return;
      clearTimeout(timer);
      timer = setTimeout(read, waitMs(known, 0));
    };
    void read();
    document.addEventListener("visibilitychange", seen);
    return () => {
      isShown = false;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [dropId]);

  return { drop, first, heard, products, problem, readProducts: () => readProducts() };
}

function waitMs(drop: Drop | undefined, usualMs = document.hidden ? everyMs * hiddenTimes : everyMs): number {
  const toOpeningMs = drop ? Date.parse(drop.opensAt) - shopNowMs() : Number.POSITIVE_INFINITY;
  const isNearOpening = Math.abs(toOpeningMs - usualMs) < quietMs;
  return isNearOpening ? Math.max(0, toOpeningMs) + quietMs * (1 + Math.random()) : usualMs;
}
