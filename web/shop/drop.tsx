/** `/d/{drop}`: one drop in its phase: the clock until it opens, then what is left and the one action. */
import { useState } from "preact/hooks";
import { count, dayTimeAndZone, longClockText, money } from "../lib/amounts.ts";
import type { Drop, Product } from "../lib/api.ts";
import { shopNowMs } from "../lib/clock.ts";
import { say } from "../lib/language.ts";
import { phaseNow } from "../lib/phases.ts";
import { Note } from "./drop-note.tsx";
import { Buy, LineLink, limitIn } from "./drop-sale.tsx";
import { NextDrops } from "./next-drops.tsx";
import { Art } from "./parts/art.tsx";
import { useLeftMs } from "./parts/countdown.tsx";
import { LastHeard } from "./parts/last-heard.tsx";
import { Name, nameClass } from "./parts/name.tsx";
import { Pill, ProblemNotice } from "./parts/notice.tsx";
import { toneOfPhase } from "./parts/phase.ts";
import { Reminder } from "./parts/reminder.tsx";
import { useTitle } from "./parts/title.ts";
import { NotThere, neverThere } from "./product.tsx";
import { LimitText } from "./product-list.tsx";
import { useDrop } from "./watching.ts";

export function DropPage({ dropId }: { dropId: string }) {
  const { drop, first, heard, products, problem, readProducts } = useDrop(dropId);
  const [chosenId, setChosenId] = useState<string>();
  const leftMs = useLeftMs(Date.parse(drop?.opensAt ?? ""));

  useTitle(drop?.name);

  if (problem && !drop) {
    return (
      <>
        <NotThere problem={problem} title={say("dropTitle")} />
        {neverThere.includes(problem.code) && <NextDrops />}
      </>
    );
  }
  if (!drop) return waiting();
  const phase = phaseNow(drop, shopNowMs());
  const chosen = products.find(({ productId }) => productId === chosenId) ?? firstFree(drop, products);
  const isOver = phase === "ended" || phase === "cancelled";
  const isGone = isOver || phase === "sold_out";
  const time = dayTimeAndZone(phase === "upcoming" ? drop.opensAt : drop.closesAt);
  return (
    <article class={`drop ${isGone ? "gone" : ""}`}>
      {chosen ? <Art product={chosen} /> : <div class="art" />}
      <div class="story">
        <div class="head">
          <div class="phase">
            <div role="status">
              <Pill tone={toneOfPhase(phase)}>{say(`phase_${phase}`)}</Pill>
            </div>
            {!isOver && <LastHeard heard={heard} />}
          </div>
          <h1 tabIndex={-1} class={nameClass(drop.name)}>
            <Name>{drop.name}</Name>
          </h1>
          {chosen && (
            <p class="facts">
              <b>{money(chosen.price, chosen.currency)}</b>
              <LimitText limit={limitIn(drop, chosen)} />
              {!isGone && <span>{say("heldWhilePaying")}</span>}
            </p>
          )}
        </div>
        {phase === "upcoming" && <Opening leftMs={leftMs} />}
        {phase !== "upcoming" && phase !== "open" && (
          <Note
            phase={phase}
            drop={drop}
            endsAsPlanned={first?.phase !== "ended" && first?.closesAt === drop.closesAt}
          />
        )}
        {phase !== "cancelled" && (
          <p class="when">
            <b>{say(phase === "upcoming" ? "opensAt" : isOver ? "closedAt" : "closesAt", { time })}</b>{" "}
            {phase === "upcoming" && say("shopClockCounts")}{" "}
            {!isGone && (
              <a href={`/drops/${encodeURIComponent(dropId)}/calendar.ics`} data-load>
                {say("toCalendar")}
              </a>
            )}
          </p>
        )}
        {phase === "upcoming" && <Reminder drop={drop} />}
        {!isOver && <LineLink drop={drop} phase={phase} />}
        {drop.story && (
          <p class="about">
            <Name>{drop.story}</Name>
          </p>
        )}
        {!isOver && products.length > 1 && (
          <Choices drop={drop} products={products} chosen={chosen} onChoose={setChosenId} />
        )}
        {!isOver && phase !== "upcoming" && <Units products={drop.products} />}
        {!isOver && problem && (
          <div role="status">
            <ProblemNotice problem={problem} />
          </div>
        )}
        {!isOver && chosen && (
          <Buy
            key={chosen.productId}
            product={chosen}
            limit={limitIn(drop, chosen)}
            line={drop.entry !== "open" || drop.listed.includes(chosen.productId) ? dropId : undefined}
            phase={phase}
            version={drop.version}
            onPriceChanged={readProducts}
          />
        )}
      </div>
    </article>
  );
}

function Opening({ leftMs }: { leftMs: number }) {
  const text = longClockText(leftMs);
  return (
    <div class="countdown">
      <p class="label" id="opens-in">
        {say("opensIn")}
      </p>
      <p
        class={`clock ${leftMs < 60_000 ? "last" : ""} ${text.length > 5 ? "long" : ""}`}
        role="timer"
        aria-labelledby="opens-in"
      >
        <bdi>{text}</bdi>
      </p>
      <p class="unseen" role="status">
        {announced(leftMs)}
      </p>
    </div>
  );
}

/** A screen reader is told three times, in words that hold whenever they are read; of the opening itself the state tells. */
function announced(leftMs: number): string {
  if (leftMs > 600_000) return "";
  if (leftMs > 60_000) return say("opensInMinutes", { minutes: count(10) });
  return leftMs > 10_000 ? say("opensInMinute") : say("opensInSeconds", { seconds: count(10) });
}

type ChoicesProps = {
  drop: Drop;
  products: readonly Product[];
  chosen: Product | undefined;
  onChoose(productId: string): void;
};

function Choices({ drop, products, chosen, onChoose }: ChoicesProps) {
  return (
    <fieldset class="chips">
      <legend>{say("choice")}</legend>
      {products.map(({ productId, name }) => {
        const units = drop.products.find((one) => one.productId === productId);
        const isTaken = units?.free === 0;
        return (
          <label key={productId}>
            <input
              type="radio"
              name="choice"
              checked={productId === chosen?.productId}
              onChange={() => onChoose(productId)}
            />
            <span class={isTaken ? "taken" : ""}>
              <Name>{units?.label ?? name}</Name>
              {isTaken && <span class="unseen"> {say("soldOutChoice")}</span>}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

function Units({ products }: { products: Drop["products"] }) {
  const sum = (kind: "free" | "held" | "sold") => products.reduce((total, one) => total + one[kind], 0);
  const [free, held, sold] = [sum("free"), sum("held"), sum("sold")];
  if (free + held + sold === 0) return null;
  const parts = Object.entries({ sold, held, free }).filter(([, units]) => units > 0);
  return (
    <div class="units">
      <div class="bar" aria-hidden="true">
        {parts.map(([kind, units]) => (
          <span key={kind} class={kind} style={{ flexGrow: units }} />
        ))}
      </div>
      <p class="fine">{say("unitsLine", { free: count(free), held: count(held), sold: count(sold) })}</p>
    </div>
  );
}

function firstFree(drop: Drop, products: readonly Product[]): Product | undefined {
  const free = drop.products.find((one) => one.free > 0);
  return products.find(({ productId }) => productId === free?.productId) ?? products[0];
}

/** Not a component: its heading, which may have the focus, stays the same element once the drop is there. */
function waiting() {
  return (
    <article class="drop ghost">
      <div class="art" />
      <div class="story">
        <div class="head">
          <Pill tone="still">{say("loading")}</Pill>
          <h1 tabIndex={-1}>{say("loading")}</h1>
        </div>
      </div>
    </article>
  );
}
