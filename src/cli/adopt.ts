/** `dropgate engines`: prints the shop's engines, and moves the shop to the engines of the settings. */
import {
  agreedEngines,
  engineDifferences,
  FolderInUse,
  hasData,
  migrateDatabase,
  moveEngines,
  openDatabase,
  openPool,
  type Term,
} from "#engines/open";
import { countHeldElsewhere } from "#payment";
import { createLog, type Log } from "#platform/log";
import { plural } from "#platform/plural";
import type { Config } from "../config/config.ts";
import { allConsumersOf } from "../config/consumers.ts";
import { engineSettings, kafkaSecurity, termsOf } from "../config/engines.ts";
import { schemas } from "../main.ts";
import { Refused } from "./ask.ts";

export type AdoptOptions = { adopt: boolean; logIsLost: boolean; print(line: string): void };

export async function tellEngines(config: Config, { adopt, logIsLost, print }: AdoptOptions): Promise<void> {
  const log = createLog({ level: config.LOG_LEVEL });
  const terms = termsOf(config);
  const isMade = config.DATABASE_URL !== undefined || hasData(config.DATA_DIR);
  if (!isMade && !adopt) return tellFuture(terms, print);
  await using resources = new AsyncDisposableStack();
  const database = await openBooks(config, adopt, log);
  resources.defer(() => database.stop());
  const { url } = database;
  if (adopt && !database.isInUse) await migrateDatabase(engineSettings(config), { url }, schemas);
  const common = openPool(url);
  resources.defer(() => common.close());

  if (!adopt && (await agreedEngines(common)) === 0) return tellFuture(terms, print);
  const differences = await engineDifferences(common, terms);
  for (const term of terms) {
    const agreed = differences.find(({ term: { name } }) => name === term.name)?.agreed;
    print(lineOf(term, agreed && `${agreed.value || "none"}, and these settings say `));
  }
  if (!adopt) {
    if (differences.length > 0)
      print("\nNo process starts with these settings. To move the shop: dropgate engines --adopt");
    return;
  }
  await requireSettledPayments(config, url);
  const former = Object.fromEntries(differences.map(({ term, agreed }) => [term.setting, agreed.value]));
  const moved = await moveEngines({
    url,
    terms,
    consumed: allConsumersOf({ ...config, ...former }),
    security: kafkaSecurity(config),
    logIsLost,
    log,
  }).catch((error: Error) => {
    throw new Refused(`\nNothing was changed: ${error.message}`, { cause: error });
  });
  print(moved.length === 0 ? "\nThe shop uses these already." : "\nFrom now on the shop uses these.");
}

/** A question makes no database, and migrates none. */
function tellFuture(terms: readonly Term[], print: (line: string) => void): void {
  print("The shop of these settings was never started. Its first start writes these engines into the books:\n");
  for (const term of terms) print(lineOf(term));
}

function lineOf({ name, value, place }: Term, before = ""): string {
  return `${name.padEnd(20)} ${before}${value || "none"}${place ? ` at ${place}` : ""}`;
}

type Books = { url: string; isInUse: boolean; stop(): Promise<void> };

/** Those of an embedded shop that runs are read beside it. @throws Refused if the shop is to be moved while it runs. */
async function openBooks(config: Config, adopt: boolean, log: Log): Promise<Books> {
  try {
    const { url, stop } = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL }, log);
    return { url, isInUse: false, stop };
  } catch (cause) {
    if (!(cause instanceof FolderInUse)) throw cause;
    const { says, url } = cause;
    if (adopt) throw new Refused(`Nothing was changed: ${says}; stop it, and repeat this`, { cause });
    if (url === undefined) throw new Refused(`${says}, which does not answer yet; repeat this in a moment`, { cause });
    return { url, isInUse: true, stop: async () => {} };
  }
}

/** Only the provider that was asked can capture a payment, or give it back. @throws Refused while one waits for it. */
async function requireSettledPayments({ PAYMENT_PROVIDER, PAYMENT_DATABASE_URL }: Config, url: string): Promise<void> {
  const sql = openPool(PAYMENT_DATABASE_URL ?? url);
  try {
    const count = await countHeldElsewhere(sql, PAYMENT_PROVIDER);
    if (count === 0) return;
    throw new Refused(
      `\nNothing was changed: ${plural(count, "payment is", "payments are")} under way at another provider than ` +
        `${PAYMENT_PROVIDER}: start the shop as it was, let its open orders end, and stop it again`,
    );
  } finally {
    await sql.close();
  }
}
