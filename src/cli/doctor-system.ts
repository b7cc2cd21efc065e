/** Asks the running system for what `dropgate doctor` tells of it. */
import type { Static } from "typebox";
import type { Finding } from "#engines/open";
import type { HealthReport } from "#platform/health";
import { plural } from "#platform/plural";
import { messageOf } from "#platform/thrown";
import type { AuditAnswer } from "#wire/identity";
import { type Ask, Refused } from "./ask.ts";

/** Its health, and whether its books are in order. An ADMIN sees the same in the console. */
export async function lookAtSystem(ask: Ask): Promise<{ runs: boolean; findings: Finding[] }> {
  const about = "running system";
  let components: HealthReport["components"];
  try {
    components = await componentsOf(ask, "/actuator/health");
  } catch (error) {
    return { runs: false, findings: [{ status: "warning", about, says: messageOf(error) }] };
  }
  for (const service of servicesWithHealth.filter((name) => name in components)) {
    // A service that does not answer is down in the health of the gateway already.
    const within = await componentsOf(ask, `/${service}/actuator/health`).catch(() => ({}));
    for (const [name, one] of Object.entries(within)) if (components[name]?.status !== "DOWN") components[name] = one;
  }
  const down = Object.entries(components).filter(([, { status }]) => status !== "UP");
  const found = down.map(
    ([name, { details }]): Finding => ({
      status: "fault",
      about: `${about}, ${name}`,
      says: String(details?.error ?? "is down"),
      mend: "see its engine below, and the log of the process",
    }),
  );
  if (down.length === 0) {
    found.push({ status: "ok", about, says: `answers, and its ${Object.keys(components).length} parts are up` });
  }
  const refused: Refused[] = [];
  for (const look of [reconciled, auditChain, deadLetters, stuckSagas]) {
    try {
      found.push(await look(ask));
    } catch (error) {
      if (error instanceof Refused) refused.push(error);
      else found.push({ status: "fault", about, says: messageOf(error) });
    }
  }
  const answers = Map.groupBy(refused, ({ message, request }) => message.slice(request.length));
  for (const [answer, requests] of answers) found.push(refusedFinding(about, answer, requests));
  return { runs: true, findings: found };
}

/** One wrong setting is answered alike to every request, and told once. */
function refusedFinding(about: string, answer: string, refused: readonly Refused[]): Finding {
  // A shop whose services run apart may leave out the one that answers this.
  const isLeftOut = refused[0]?.code === "not_found";
  const requests = refused.map(({ request }) => request).join(", ");
  const says = `${requests}${refused.length > 1 ? ": each" : ""}${answer}`;
  return { status: isLeftOut ? "warning" : "fault", about, says };
}

/** A gateway's own health has the names of services as its parts, and says of each only that it is there. */
const servicesWithHealth = ["product", "inventory", "order"];

async function componentsOf(ask: Ask, path: string): Promise<HealthReport["components"]> {
  const health = await ask("GET", path, undefined, {}, { anyStatus: true });
  return { ...(health as HealthReport).components };
}

async function reconciled(ask: Ask): Promise<Finding> {
  const about = "gate and books";
  const { status, products } = (await ask("GET", "/admin/reconcile")) as {
    status: string;
    products: { status: string }[];
  };
  if (status === "OK")
    return { status: "ok", about, says: `agree about ${plural(products.length, "product", "products")}` };
  const differ = products.filter((product) => product.status !== "OK").length;
  const mend = "dropgate reconcile shows them, dropgate reconcile --repair the plan";
  const says = `look at ${differ} of ${plural(products.length, "product", "products")} (${status})`;
  return { status: status === "CRITICAL" ? "fault" : "warning", about, says, mend };
}

async function auditChain(ask: Ask): Promise<Finding> {
  const about = "audit";
  const { chain } = (await ask("GET", "/admin/audit?verify=true&limit=1")) as Required<Static<typeof AuditAnswer>>;
  if (chain.brokenAt === null)
    return { status: "ok", about, says: `its ${plural(chain.rows, "row", "rows")} follow from each other` };
  const mend = "compare the row with a backup: it, or the one before, was changed or removed in the database";
  return { status: "fault", about, says: `its chain of hashes breaks at row ${chain.brokenAt}`, mend };
}

async function deadLetters(ask: Ask): Promise<Finding> {
  const about = "dead letters";
  const { items } = (await ask("GET", "/admin/dead-letters?state=waiting&limit=100")) as { items: unknown[] };
  if (items.length === 0) return { status: "ok", about, says: "none waits" };
  return { status: "warning", about, says: `${countOf(items)} wait`, mend: "dropgate replay lists them" };
}

async function stuckSagas(ask: Ask): Promise<Finding> {
  const about = "sagas";
  const { items } = (await ask("GET", "/admin/sagas?limit=100")) as { items: unknown[] };
  if (items.length === 0) return { status: "ok", about, says: "none is stuck" };
  const mend = "see the page Trouble of the console, or GET /admin/sagas";
  return { status: "warning", about, says: `${countOf(items)} are stuck`, mend };
}

function countOf({ length }: readonly unknown[]): string {
  return length < 100 ? String(length) : "100 or more";
}
