/** `/`: the drops, and the products on sale beside them. If the API does not answer, the last copy with its age. */
import { useEffect, useState } from "preact/hooks";
import { count, money, timeOfDay } from "../lib/amounts.ts";
import { api, type Drop, type Problem, type Product } from "../lib/api.ts";
import { kept } from "../lib/kept.ts";
import { say } from "../lib/language.ts";
import { DropRows } from "./drop-rows.tsx";
import { Art } from "./parts/art.tsx";
import { More } from "./parts/more.tsx";
import { Name, nameClass } from "./parts/name.tsx";
import { ProblemNotice } from "./parts/notice.tsx";
import { useTitle } from "./parts/title.ts";

type Copy = { atMs: number; products: Product[]; drops?: Drop[]; next: string | null };

/** As this document showed it last: people who go back find it so. */
let shown: Copy | undefined;

const againAfterMs = 5_000;
const dropsEveryMs = 15_000;

export function ProductList() {
  const [list, setList] = useState(shown);
  const [problem, setProblem] = useState<Problem>();

  useTitle(say("products"));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isShown = true;
    async function read() {
      const [answer, announced] = await Promise.all([api.products(), api.drops()]);
      if (!isShown) return;
      if (answer.ok) {
        const drops = announced.ok ? announced.body.items : (kept.read<Copy>("products")?.drops ?? []);
        const copy = { atMs: Date.now(), products: answer.body.products, drops, next: answer.body.nextCursor };
        kept.write("products", copy);
        setList((known) => joined(known, copy));
        setProblem(undefined);
      } else {
        setList((known) => known ?? kept.read<Copy>("products"));
        setProblem(answer.problem);
        timer = setTimeout(read, againAfterMs);
        return;
      }
      timer = setTimeout(readDrops, dropsEveryMs);
    }
    async function readDrops() {
      const answer = document.hidden ? undefined : await api.drops();
      if (!isShown) return;
      if (answer?.ok) setList((known) => known && { ...known, drops: answer.body.items });
      timer = setTimeout(readDrops, dropsEveryMs);
    }
    void read();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, []);

  useEffect(() => {
    shown = list;
  }, [list]);

  async function showMore(copy: Copy) {
    const answer = await api.products(copy.next ?? undefined);
    setProblem(answer.ok ? undefined : answer.problem);
    if (!answer.ok) return;
    const { products, nextCursor: next } = answer.body;
    // A newer first page stays. If it goes on elsewhere, these products are not what follows.
    setList((known) =>
      known?.next === copy.next ? { ...known, products: [...known.products, ...products], next } : known,
    );
  }

  const drops = list?.drops ?? [];
  const inDrops = new Set(drops.flatMap((drop) => drop.products.map(({ productId }) => productId)));
  const others = list?.products.filter(({ productId }) => !inDrops.has(productId)) ?? [];
  return (
    <div class="wide">
      <div class="intro">
        <h1 tabIndex={-1}>{say("listTitle")}</h1>
        <p>{say("listIntro")}</p>
      </div>
      {problem && (
        <ProblemNotice problem={problem} isNews>
          {list && <p>{say("lastCopy", { time: timeOfDay(list.atMs) })}</p>}
        </ProblemNotice>
      )}
      {!list && !problem && <Skeleton />}
      {list && drops.length + others.length === 0 && (
        <div class="empty">
          <h2>{say("listEmpty")}</h2>
          <p>{say("listEmptyNext")}</p>
        </div>
      )}
      {drops.length > 0 && <DropRows drops={drops} />}
      {others.length > 0 && (
        <ul class="tiles">
          {others.map((product) => (
            <Tile key={product.productId} product={product} />
          ))}
        </ul>
      )}
      {list?.next && <More words="more" links=".tile" onMore={() => showMore(list)} />}
    </div>
  );
}

/** The first page is new; what "Show more" has brought stays below it. */
function joined(known: Copy | undefined, first: Copy): Copy {
  if (!known || known.products.length <= first.products.length) return first;
  const ids = new Set(first.products.map(({ productId }) => productId));
  const others = known.products.filter(({ productId }) => !ids.has(productId));
  return { ...first, products: [...first.products, ...others], next: known.next };
}

function Tile({ product }: { product: Product }) {
  const { productId, name, price, currency } = product;
  return (
    <li>
      <a class="tile" href={`/p/${encodeURIComponent(productId)}`}>
        <Art product={product} />
        <h2 class={nameClass(name)}>
          <Name>{name}</Name>
        </h2>
        <p class="facts">
          <b>{money(price, currency)}</b> <LimitText limit={product.limitPerCustomer} />
        </p>
      </a>
    </li>
  );
}

export function LimitText({ limit }: { limit: number | null }) {
  if (limit === null) return null;
  return <span>{limit === 1 ? say("limitOne") : say("limitMany", { count: count(limit) })}</span>;
}

/** The shape of what comes, so that nothing moves when it is there. */
function Skeleton() {
  return (
    <div role="status">
      <p class="unseen">{say("loading")}</p>
      <div class="tiles" aria-hidden="true">
        {[0, 1, 2, 3].map((i) => (
          <div key={i} class="tile ghost">
            <div class="art" />
            <p class="name">&nbsp;</p>
            <p class="facts">&nbsp;</p>
          </div>
        ))}
      </div>
    </div>
  );
}
