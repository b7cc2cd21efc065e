/** People who exchange their pass for one of another size, some while they order with it in another tab. */
import type { PassRow } from "../../src/room/pass-rows.ts";
import { ask, type People, sleep } from "./people.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export type Holder = { dropId: string; userId: string; productIds: readonly string[] };

/** Orders with a pass, and returns the order if there is one. */
type Order = (pass: PassRow) => Promise<string | undefined>;

const patienceMs = 20_000;

/** Returns the orders that were made, in all tabs. */
export async function exchangeAndOrder(
  world: World,
  people: People,
  random: Random,
  holder: Holder,
  { first, order }: { first: PassRow; order: Order },
): Promise<string[]> {
  const made: (string | undefined)[] = [];
  let pass = first;
  // Some change their mind again.
  for (let left = random.chance(0.3) ? 2 : 1; left > 0; left -= 1) {
    const former = pass;
    const productId = random.pick(holder.productIds.filter((one) => one !== former.productId));
    const useIt = async () => {
      await sleep(world, random.next() * 300);
      made.push(await order(former));
    };
    world.count("a person exchanges a pass");
    const tabs = random.chance(0.3) ? random.between(2, 4) : 1;
    const asked = Array.from({ length: tabs }, () => exchange(world, people, holder, { former, productId }));
    const usedToo = random.chance(0.5) ? useIt() : undefined;
    const next = (await Promise.all(asked)).find((one) => one !== undefined);
    // A bookmark, or a tab that was left open.
    if (usedToo === undefined && next && random.chance(0.3)) await useIt();
    await usedToo;
    if (!next) break;
    pass = next;
  }
  made.push(await order(pass));
  return made.flatMap((orderId) => orderId ?? []);
}

/** Asks until the answer is definite. */
async function exchange(
  world: World,
  people: People,
  { dropId, userId, productIds }: Holder,
  { former, productId }: { former: PassRow; productId: string },
): Promise<PassRow | undefined> {
  const { passId } = former;
  const giveUpAtMs = world.timeline.now() + patienceMs;
  while (world.timeline.now() < giveUpAtMs) {
    const answer = await ask(world, (copy) => copy.line.exchange({ dropId, productIds, userId, passId, productId }));
    world.note(
      `${userId} exchanges pass ${passId} and hears ${answer ? (answer.ok ? "a pass" : answer.reason) : "nothing"}`,
    );
    if (answer?.ok) {
      people.exchanged = [...people.exchanged, passId];
      world.changes += 1;
      return answer.pass;
    }
    if (answer && answer.reason !== "gate_unavailable" && answer.reason !== "not_your_turn") return undefined;
    await sleep(world, 300 + world.random.next() * 700);
  }
  return undefined;
}
