/**
 * Opens connections to PostgreSQL for DBOS. DBOS waits until PostgreSQL is back only for losses that it recognises. A UNIX
 * socket reports EPIPE and ENOENT instead of TCP's ECONNRESET and ECONNREFUSED; DBOS takes those for failures of the
 * workflow, and stores that it failed. So every loss gets a code here that DBOS knows.
 */
import pg from "pg";
import { isSessionFault } from "#engines/sql";
import { program } from "#platform/program";
import { messageOf } from "#platform/thrown";
import { sessionUrl } from "../../sql/connection.ts";

const maxConnections = 10;
const connectTimeoutMs = 5_000;
const maxAgeS = 600;
/** Frees the row locks of a process that was stopped in the middle of a transaction. */
const idleTransactionTimeoutMs = 60_000;

export function openDbosPool(url: string): pg.Pool {
  const pool = new DbosPool({
    Client: DbosClient,
    connectionString: sessionUrl(url),
    application_name: `${program.name} workflows`,
    max: maxConnections,
    maxLifetimeSeconds: maxAgeS,
    idle_in_transaction_session_timeout: idleTransactionTimeoutMs,
    keepAlive: true,
  });
  // The interrupted statement gets the error anyway, and an error event without a listener would end the process: from
  // an idle connection, and from one that dies while it changes hands.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

class DbosClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    // If the pool had this time limit, it would also apply to callers that wait for a connection. Ten thousand runs
    // that are taken over together wait there, and with callers that gave up and came again it took four times as long
    // (measured).
    super({ ...(config as pg.ClientConfig), connectionTimeoutMillis: connectTimeoutMs });
  }

  // biome-ignore lint/suspicious/noExplicitAny: all overloads of pg, passed on unchanged.
  override query(...args: any[]): any {
    const answer: unknown = super.query(...(args as [string]));
    // An ended connection does not go back to the pool. DBOS itself returns a connection whatever error it got.
    if (answer instanceof Promise) {
      answer.catch((error) => {
        if (isSessionFault(error)) this.end().catch(() => {});
      });
    }
    return namingLoss(answer);
  }
}

class DbosPool extends pg.Pool {
  // biome-ignore lint/suspicious/noExplicitAny: all overloads of pg, passed on unchanged.
  override query(...args: any[]): any {
    return namingLoss(super.query(...(args as [string])), this);
  }

  // biome-ignore lint/suspicious/noExplicitAny: all overloads of pg, passed on unchanged.
  override connect(...args: any[]): any {
    return namingLoss(super.connect(...(args as [])), this);
  }
}

/**
 * Calls with a callback return no promise; those are the pool's own, whose callers come through here too. A failure
 * because the pool is closing is not a loss: DBOS would wait for it to come back, and keep the process alive for ever.
 */
function namingLoss(answer: unknown, pool?: pg.Pool): unknown {
  if (!(answer instanceof Promise)) return answer;
  return answer.catch((error) => {
    throw isLoss(error) && !pool?.ending ? new ConnectionLost(error) : error;
  });
}

const readOnly = "25006";

/** PostgreSQL did not answer, or it is the standby of a failover that takes no writes yet. */
function isLoss(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || error.code === readOnly;
}

class ConnectionLost extends Error {
  /** DBOS repeats calls that fail with this code. */
  readonly code = "ECONNRESET";

  constructor(cause: unknown) {
    super(`connection to PostgreSQL lost: ${messageOf(cause)}`, { cause });
    this.name = "ConnectionLost";
  }
}
