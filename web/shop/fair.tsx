/** `/d/{drop}/fair`: the order of a line, checked in this browser. */
import { useEffect, useState } from "preact/hooks";
import type { Check, Kept } from "../../src/fairness/fairness.ts";
import { count } from "../lib/amounts.ts";
import { say } from "../lib/language.ts";
import { checkedLine, type Found, keptOfLine } from "../lib/line-check.ts";
import { useTitle } from "./parts/title.ts";
import { lineOf } from "./product.tsx";

export function FairPage({ dropId }: { dropId: string }) {
  const [found, setFound] = useState<Found>();
  const own = keptOfLine(dropId);

  async function check(): Promise<void> {
    setFound(undefined);
    setFound(await checkedLine(dropId, keptOfLine(dropId)));
  }

  useTitle(say("fairTitle"));
  useEffect(() => {
    void check();
  }, [dropId]);

  const hasNoLine = found === "missing" || found === "none";
  const path = `/drops/${encodeURIComponent(dropId)}`;
  return (
    <div class="wide fair">
      <div class="intro">
        <h1 tabIndex={-1}>{say("fairTitle")}</h1>
        <p>{say("fairIntro")}</p>
      </div>
      <p class={`found ${isBad(found) ? "fails" : ""}`} role="status">
        {say(found === undefined ? "fairChecking" : verdictOf(found))}
      </p>
      {!hasNoLine && <Own own={own} />}
      {isChecked(found) && <Groups checks={found.checks} />}
      {isBroken(found) && (
        <p lang="en" dir="ltr">
          {found.broken}
        </p>
      )}
      <p>
        <button class="button" type="button" disabled={!found} onClick={check}>
          {say("fairAgain")}
        </button>
      </p>
      {hasNoLine ? (
        <p class="links">
          {found === "none" ? (
            <a href={`/d/${encodeURIComponent(dropId)}`}>{say("fairToDrop")}</a>
          ) : (
            <a href="/">{say("toProducts")}</a>
          )}
        </p>
      ) : (
        <p class="links">
          <a href={lineOf(dropId)} data-load>
            {say("toLine")}
          </a>
          <a href={`${path}/fair`} data-load>
            {say("fairRecord")}
          </a>
          <a href={`${path}/roster.txt`} data-load>
            {say("fairRoster")}
          </a>
        </p>
      )}
    </div>
  );
}

function isChecked(found: Found | undefined): found is { checks: readonly Check[] } {
  return typeof found === "object" && "checks" in found;
}

function isBroken(found: Found | undefined): found is { broken: string } {
  return typeof found === "object" && "broken" in found;
}

function isBad(found: Found | undefined): boolean {
  return isBroken(found) || (isChecked(found) && found.checks.some(({ outcome }) => outcome === "fails"));
}

/** The page never says that a line is fair: it says what was checked. */
function verdictOf(found: Found) {
  if (found === "missing") return "dropTitle";
  if (found === "none") return "fairNone";
  if (found === "away") return "fairAway";
  if (isBroken(found)) return "fairBroken";
  if (isBad(found)) return "fairFails";
  const outcomes = Object.fromEntries(found.checks.map(({ check, outcome }) => [check, outcome]));
  if (outcomes.empty) return "fairEmpty";
  if (outcomes.seed === "unknown") return "fairNotYet";
  if (outcomes.seed === "warns") return "fairArrival";
  return outcomes.beacon === "warns" ? "fairOwn" : "fairHolds";
}

function Own({ own }: { own: Kept | undefined }) {
  if (!own) return <p class="fine">{say("fairNoReceipt")}</p>;
  const file = `data:application/json,${encodeURIComponent(JSON.stringify(own, null, 2))}`;
  return (
    <>
      <dl class="own">
        {own.place !== undefined && (
          <div>
            <dt>{say("fairPlace")}</dt>
            <dd>{count(own.place)}</dd>
          </div>
        )}
        <div>
          <dt>{say("fairNumber")}</dt>
          <dd>{count(own.receipt.seq)}</dd>
        </div>
      </dl>
      <p>
        <a href={file} download="receipt.json">
          {say("fairReceipt")}
        </a>
      </p>
    </>
  );
}

const outcomes = ["fails", "warns", "holds", "unknown"] as const;

/** The sentences are those of the command line, in English. */
function Groups({ checks }: { checks: readonly Check[] }) {
  return outcomes.map((outcome) => {
    const own = checks.filter((check) => check.outcome === outcome);
    if (own.length === 0) return null;
    return (
      <section key={outcome} class={`checks ${outcome}`}>
        <h2>{say(`fairGroup_${outcome}`)}</h2>
        <ul>
          {own.map(({ check, says }) => (
            <li key={check}>
              <b>{say(`fairCheck_${check}`)}</b>
              <p lang="en" dir="ltr">
                {says}
              </p>
            </li>
          ))}
        </ul>
      </section>
    );
  });
}
