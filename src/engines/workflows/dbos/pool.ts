/**
 * Connections for DBOS. It waits a loss of PostgreSQL out, but only one it recognizes: EPIPE and ENOENT, which a UNIX
 * socket says where TCP says ECONNRESET and ECONNREFUSED, it takes for failures of the workflow, and writes down that
 * the workflow failed. So every loss is given a name here that it knows.
 */
import pg from "pg";
import { isSessionFault } from "#engines/sql";
import { program } from "#platform/program";
import { sessionUrl } from "../../sql/connection.ts";

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_AGE_S = 600;
/** Frees the row locks of a process that was stopped in the middle of a transaction. */
const IDLE_TRANSACTION_TIMEOUT_MS = 60_000;

export function openDbosPool(url: string): pg.Pool {
  const pool = new DbosPool({
    Client: DbosClient,
    connectionString: sessionUrl(url),
    application_name: `${program.name} workflows`,
    max: MAX_CONNECTIONS,
    maxLifetimeSeconds: MAX_AGE_S,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
  });
  // Whatever was interrupted hears of it anyway, and an error event without a listener would end the process: from an
  // idle connection, and from one that dies while it changes hands.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

class DbosClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    // The pool would hold its line to this time too. Ten thousand runs that are taken over together stand in it, and
    // those who gave up and came again made it last four times as long (measured).
    super({ ...(config as pg.ClientConfig), connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  }

  // biome-ignore lint/suspicious/noExplicitAny: all overloads of pg, passed on as they are.
  override query(...args: any[]): any {
    const answer: unknown = super.query(...(args as [string]));
    // The pool takes back none that was ended: DBOS itself returns a connection whatever was answered on it.
    if (answer instanceof Promise) {
      answer.catch((error) => {
        if (isSessionFault(error)) this.end().catch(() => {});
      });
    }
    return namingLoss(answer);
  }
}

class DbosPool extends pg.Pool {
  // biome-ignore lint/suspicious/noExplicitAny: all overloads of pg, passed on as they are.
  override query(...args: any[]): any {
    return namingLoss(super.query(...(args as [string])), this);
  }

  // biome-ignore lint/suspicious/noExplicitAny: all overloads of pg, passed on as they are.
  override connect(...args: any[]): any {
    return namingLoss(super.connect(...(args as [])), this);
  }
}

/**
 * Calls with a callback answer no promise; those are the pool's own, whose callers come through here too. What fails
 * because the pool is being closed is no loss: DBOS would wait for it to come back, and keep the process alive for ever.
 */
function namingLoss(answer: unknown, pool?: pg.Pool): unknown {
  if (!(answer instanceof Promise)) return answer;
  return answer.catch((error) => {
    throw isLoss(error) && !pool?.ending ? new ConnectionLost(error) : error;
  });
}

const READ_ONLY = "25006";

/** PostgreSQL itself has not answered, or it is the standby of a failover that does not take writes yet. */
function isLoss(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || error.code === READ_ONLY;
}

class ConnectionLost extends Error {
  /** DBOS repeats what fails with this code. */
  readonly code = "ECONNRESET";

  constructor(cause: unknown) {
    super(`connection to PostgreSQL lost: ${cause instanceof Error ? cause.message : cause}`, { cause });
    this.name = "ConnectionLost";
  }
}
