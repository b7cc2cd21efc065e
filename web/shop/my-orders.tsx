/** `/me`: the orders of the person who is shopping here, and where they are signed in. */
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count, dayAndTime, money, shortCode } from "../lib/amounts.ts";
import { api, type Order, type Problem, problemIn } from "../lib/api.ts";
import { readWordsAbout, say } from "../lib/language.ts";
import { go } from "../lib/router.ts";
import { type Shopper, shopper } from "../lib/shopper.ts";
import { signOut } from "../lib/sign-out.ts";
import { More } from "./parts/more.tsx";
import { Name } from "./parts/name.tsx";
import { ProblemNotice } from "./parts/notice.tsx";
import { sayStatus, toneOfStatus } from "./parts/timeline.tsx";
import { useTitle } from "./parts/title.ts";

export function MyOrders() {
  const [orders, setOrders] = useState<Order[]>();
  const [names, setNames] = useState<Record<string, string>>({});
  /** The products whose names are on their way, or here. */
  const asked = useRef(new Set<string>()).current;
  const [next, setNext] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const [person, setPerson] = useState<Shopper>();
  const [Sessions, setSessions] = useState<ComponentType>();

  async function read(cursor?: string) {
    const answer = await api.orders(cursor);
    setProblem(answer.ok ? undefined : answer.problem);
    if (!answer.ok) return;
    setOrders((known = []) => (cursor ? [...known, ...answer.body.orders] : answer.body.orders));
    setNext(answer.body.nextCursor);
  }

  useTitle(say("ordersTitle"));
  useEffect(() => {
    void read();
    async function readPerson(): Promise<void> {
      const known = await shopper();
      setPerson(known);
      if (!known) return;
      const Part = await sessionsPart();
      setSessions(() => Part);
    }
    readPerson().catch(() => {
      // The orders are what people come for; they say what is wrong.
    });
  }, []);

  useEffect(() => {
    for (const { productId: id } of orders ?? []) {
      if (asked.has(id)) continue;
      asked.add(id);
      void api.product(id).then((answer) => {
        if (answer.ok) setNames((known) => ({ ...known, [id]: answer.body.name }));
      });
    }
  }, [orders]);

  return (
    <div class="wide">
      <div class="intro">
        <h1 tabIndex={-1}>{say("ordersTitle")}</h1>
        {person && (
          <p class="who">
            <span>{say("shoppingAs", { name: person.name })}</span>
            <button
              class="plain"
              type="button"
              onClick={() =>
                signOut().then(
                  () => go("/login"),
                  async (error) => setProblem(await problemIn(error)),
                )
              }
            >
              {say("signOut")}
            </button>
            <a href="/login">{say("asAnother")}</a>
            {person.roles.some((role) => role !== "CUSTOMER") && (
              <a href="/console" data-load>
                {say("toConsole")}
              </a>
            )}
          </p>
        )}
      </div>
      {problem && (
        <ProblemNotice problem={problem} isNews>
          {problem.code !== "unauthenticated" && (
            <button class="button" type="button" onClick={() => read()}>
              {say("tryAgain")}
            </button>
          )}
        </ProblemNotice>
      )}
      {!orders && !problem && (
        <div class="ghost" role="status">
          <p class="unseen">{say("loading")}</p>
          {[0, 1, 2].map((i) => (
            <p key={i} class="row name" aria-hidden="true" />
          ))}
        </div>
      )}
      {orders?.length === 0 && (
        <div class="empty">
          <h2>{say("ordersEmpty")}</h2>
          <p>{say("ordersEmptyNext")}</p>
          <p>
            <a class="button" href="/">
              {say("toProducts")}
            </a>
          </p>
        </div>
      )}
      <ul class="orders">
        {orders?.map((order) => (
          <Row key={order.orderId} order={order} name={names[order.productId] ?? order.productId} />
        ))}
      </ul>
      {next && <More words="older" links=".orders a" onMore={() => read(next)} />}
      {Sessions && <Sessions />}
    </div>
  );
}

/** A file of its own, which leaves the first load as small as it is. */
async function sessionsPart(): Promise<ComponentType> {
  const [{ Sessions }] = await Promise.all([import("./sessions.tsx"), readWordsAbout("account")]);
  return Sessions;
}

function Row({ order, name }: { order: Order; name: string }) {
  return (
    <li>
      <a href={`/o/${order.orderId}`}>
        <span class="what">
          <span>
            <b>
              <Name>{name}</Name>
            </b>
            {order.quantity > 1 && ` × ${count(order.quantity)}`}
          </span>
          <span class="fine">
            {dayAndTime(order.placedAt)} · <bdi class="code">{shortCode(order.orderId)}</bdi>
          </span>
        </span>
        <span class={`state ${toneOfStatus(order.status)}`}>
          <span class="dot" aria-hidden="true" />
          {sayStatus(order)}
        </span>
        <span class="sum">{order.currency && money(order.total, order.currency)}</span>
      </a>
    </li>
  );
}
