/** Watches one drop: read once, then its phase and units again and again while the page is open. */
import { useEffect, useState } from "preact/hooks";
import { api, type Drop, type Problem, type Product } from "../lib/api.ts";
import { shopNowMs } from "../lib/clock.ts";
import { neverThere } from "./product.tsx";

const everyMs = 3_000;
/** A tab that is not seen asks that many times less. */
const hiddenTimes = 6;
/** Nothing is asked around the opening, when the shop has orders to answer: the page knows the shop's clock. */
const quietMs = 2_000;

export type Watched = {
  drop: Drop | undefined;
  products: readonly Product[];
  problem: Problem | undefined;
  readProducts(): Promise<void>;
};

export function useDrop(dropId: string): Watched {
  const [drop, setDrop] = useState<Drop>();
  const [products, setProducts] = useState<readonly Product[]>([]);
  const [problem, setProblem] = useState<Problem>();

  async function readProducts(of = drop): Promise<void> {
    const answers = await Promise.all((of?.products ?? []).map(({ productId }) => api.product(productId)));
    setProducts((known) => answers.flatMap((answer, i) => (answer.ok ? [answer.body] : known.slice(i, i + 1))));
  }

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isShown = true;
    let known: Drop | undefined;

    async function readFirst(): Promise<boolean> {
      const answer = await api.drop(dropId);
      if (!isShown) return false;
      if (!answer.ok) {
        setProblem(answer.problem);
        return !neverThere.includes(answer.problem.code);
      }
      known = answer.body;
      setProblem(undefined);
      await readProducts(known);
      setDrop(known);
      return isShown;
    }

    async function readLive(of: Drop): Promise<boolean> {
      const answer = await api.dropLive(dropId);
      if (answer.ok) known = { ...of, ...answer.body };
      if (isShown) setDrop(known);
      return isShown;
    }

    async function read(): Promise<void> {
      const goesOn = await (known ? readLive(known) : readFirst());
      if (goesOn) timer = setTimeout(read, waitMs(known));
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

  return { drop, products, problem, readProducts: () => readProducts() };
}

function waitMs(drop: Drop | undefined, usualMs = document.hidden ? everyMs * hiddenTimes : everyMs): number {
  const toOpeningMs = drop ? Date.parse(drop.opensAt) - shopNowMs() : Number.POSITIVE_INFINITY;
  const isNearOpening = Math.abs(toOpeningMs - usualMs) < quietMs;
  return isNearOpening ? Math.max(0, toOpeningMs) + quietMs * (1 + Math.random()) : usualMs;
}
