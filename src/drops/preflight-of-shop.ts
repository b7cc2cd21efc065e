/** Judges what the shop needs to serve a drop. Pure: answers come in, a sentence and a remedy go out. */
import { plural } from "#platform/plural";
import type { Answer, Check } from "./preflight-of-drop.ts";

/** Without one of these an order that is accepted does not come to its end. */
const neededServices = ["settlement", "inventory", "payment", "fulfilment"];
/** Buyers see these late or not at all; no order is lost. */
const wantedServices = ["order", "product", "notification", "warehouse"];

/** A smaller difference is not seen at the opening. */
const visibleSkewMs = 100;
/** For so long the page says that the drop is open while the gate refuses orders, or the reverse. */
const badSkewMs = 1_000;

export function gateCheck(answer: Answer<unknown>): Check {
  const check = "gate";
  if ("value" in answer) return { check, status: "ok", says: "The next order would be taken." };
  const mend = "See the page Health for the part that is down; the gate loads itself again once it answers.";
  return { check, status: "fail", says: `The next order would be refused: ${answer.failure}.`, mend };
}

export function reconcileCheck(answer: Answer<Record<"OK" | "WARNING" | "CRITICAL", number> | undefined>): Check {
  const check = "reconcile";
  const mend = "Open the page Reconcile: it plans the repair of each finding.";
  if (!("value" in answer)) return { check, status: "warn", says: `It cannot be read: ${answer.failure}.`, mend };
  const { WARNING = 0, CRITICAL = 0 } = answer.value ?? {};
  if (CRITICAL > 0) {
    return {
      check,
      status: "fail",
      says: `Gate and books differ badly for ${plural(CRITICAL, "product", "products")}.`,
      mend,
    };
  }
  if (WARNING > 0)
    return {
      check,
      status: "warn",
      says: `Gate and books need a look for ${plural(WARNING, "product", "products")}.`,
      mend,
    };
  if (!answer.value) return { check, status: "ok", says: "No comparison has run yet, so there is no finding." };
  return { check, status: "ok", says: "The latest comparison of gate and books has no finding." };
}

export function servicesCheck(answer: Answer<readonly string[]>): Check {
  const check = "services";
  const mend = "Start what is missing: npm start -- --services=NAME, or npm start for all.";
  if (!("value" in answer)) {
    const says = `Which services run is not known: ${answer.failure}.`;
    return { check, status: "warn", says, mend: "See whether the database answers, on the page Health." };
  }
  const isMissing = (name: string) => !answer.value.includes(name);
  const missing = [...neededServices, ...wantedServices].filter(isMissing);
  if (missing.length === 0) return { check, status: "ok", says: "Every service answered within the last 10 s." };
  const says = `No process runs ${missing.join(", ")}.`;
  return { check, status: neededServices.some(isMissing) ? "fail" : "warn", says, mend };
}

export function settlementCheck(answer: Answer<number>): Check {
  const check = "settlement";
  const mend = "If the number does not fall, see the page Health for the part that stands.";
  if (!("value" in answer)) return { check, status: "fail", says: `The log does not answer: ${answer.failure}.`, mend };
  if (answer.value === 0) return { check, status: "ok", says: "Every accepted order is in the books." };
  return { check, status: "warn", says: `${answer.value} accepted orders are not in the books yet.`, mend };
}

export function clockCheck(whose: "database" | "gate", answer: Answer<number>): Check {
  const check = `clock of the ${whose}`;
  if (!("value" in answer)) {
    return { check, status: "fail", says: `It cannot be read: ${answer.failure}.`, mend: "See the page Health." };
  }
  const skewMs = Math.round(answer.value);
  const byMs = Math.abs(skewMs);
  if (byMs <= visibleSkewMs) return { check, status: "ok", says: "It agrees with the clock that the pages show." };
  const says = `It is ${byMs} ms ${skewMs > 0 ? "ahead of" : "behind"} the clock that the pages show.`;
  const mend = "Let a time service (NTP) set the clocks of all machines.";
  return { check, status: byMs > badSkewMs ? "fail" : "warn", says, mend };
}

export function paymentCheck(answer: Answer<void>): Check {
  const check = "payment";
  if ("value" in answer) return { check, status: "ok", says: "The payment provider answers." };
  const mend = "Look at the provider's own status page and at the keys in the settings.";
  return { check, status: "fail", says: `The payment provider does not answer: ${answer.failure}.`, mend };
}

export function mailCheck(answer: Answer<boolean>): Check {
  const check = "mail";
  if (!("value" in answer)) {
    const mend = "Look at the mail server and at SMTP_URL. Mails wait meanwhile, and none is lost.";
    return { check, status: "warn", says: `The mail server takes no mails: ${answer.failure}.`, mend };
  }
  if (answer.value) return { check, status: "ok", says: "The mail server answers." };
  const mend = "Set SMTP_URL and MAIL_FROM, unless people get their mails otherwise.";
  return { check, status: "warn", says: "No mail server is set: mails are kept, and read on the page Mails.", mend };
}
