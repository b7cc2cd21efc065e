/** `dropgate replay`: lists the dead letters of the running system, shows one, appends it again, or discards it. */
import type { LetterSummary, LetterView } from "#wire/desk";
import { type Ask, Refused } from "./ask.ts";
import { shown } from "./shown.ts";

export type DeadLetterArgs = {
  letter: string | undefined;
  yes: boolean;
  discard: string | undefined;
  all: boolean;
};

const path = "/admin/dead-letters";

/** Without an id it lists; with one it shows the letter, and does with it what is asked. Nothing is done to several at once. */
export async function deadLetters(
  ask: Ask,
  { letter: id, yes, discard, all }: DeadLetterArgs,
  print: (line: string) => void,
): Promise<void> {
  if (yes && discard !== undefined)
    throw new Refused("--yes appends the letter again and --discard puts it away: give one");
  if (id === undefined) {
    if (yes || discard !== undefined)
      throw new Refused("name the letter: dropgate replay <id>; without an id it lists them");
    return list(ask, all, print);
  }
  if (!/^[1-9]\d{0,15}$/.test(id)) throw new Refused(`${id} is no id of a dead letter: dropgate replay lists them`);
  if (yes) return print(`replayed: ${lineOf(letterOf(await ask("POST", `${path}/${id}/replay`)))}`);
  if (discard !== undefined) {
    const letter = letterOf(await ask("POST", `${path}/${id}/discard`, { reason: discard }));
    return print(`discarded: ${lineOf(letter)}`);
  }
  const letter = letterOf(await ask("GET", `${path}/${id}`));
  print(lineOf(letter));
  for (const [name, value] of Object.entries(letter.headers)) print(`  ${name}: ${shown(value)}`);
  print(letter.encoding === "base64" ? `  value, base64: ${letter.value}` : `  value: ${shown(letter.value)}`);
  if (letter.state === "waiting") {
    print(`\nNothing was done. To append it to ${letter.topic} again: dropgate replay ${id} --yes`);
    print(`To put it away: dropgate replay ${id} --discard "why"`);
  }
}

async function list(ask: Ask, all: boolean, print: (line: string) => void): Promise<void> {
  let count = 0;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = `?limit=100${all ? "" : "&state=waiting"}${cursor && `&cursor=${cursor}`}`;
    const page = (await ask("GET", `${path}${query}`)) as unknown as {
      items: LetterSummary[];
      nextCursor: string | null;
    };
    for (const letter of page.items) print(lineOf(letter));
    count += page.items.length;
    cursor = page.nextCursor;
  }
  if (count === 0) print(all ? "There are no dead letters." : "No dead letter waits.");
}

function lineOf({ letterId, at, state, topic, key, bytes, error, reason }: LetterSummary): string {
  const why = reason === undefined ? "" : ` (${shown(reason)})`;
  return `${letterId}  ${at}  ${state}${why}  ${topic}  ${shown(key)}  ${bytes} bytes: ${shown(error)}`;
}

function letterOf(answer: Record<string, unknown>): LetterView {
  return answer as LetterView;
}
