/** Implements the Sql port over a pool of `pg` connections. */
import { hash } from "node:crypto";
import pg from "pg";
import { markUnavailable } from "#platform/unavailable";
import { type AfterCommit, createAfterCommit } from "./after-commit.ts";
import { connectFailure, connectionSettings, connectTimeoutMs } from "./connection.ts";
import { createFlights, fly, type Landed, type Statement } from "./flight.ts";
import { parameterOf } from "./parameters.ts";
import { isAway, isServerTrouble, leavesConnectionUsable, repeatIfAsked } from "./postgres-errors.ts";
import { createSessions } from "./sessions.ts";
import { CommitUnknown, type Row, type Sql, type Tx } from "./sql.ts";

const statementTimeoutMs = 30_000;
/**
 * For a client who waits for an answer behind an operator's lock, and for a pool whose connections would all wait
 * there. Work without a client is repeated by itself.
 */
const lockTimeoutMs = 5_000;
/** For a server that has vanished and never reports that the statement timed out. */
const silenceTimeoutMs = statementTimeoutMs + 5_000;
const idleConnectionMs = 60_000;
/** How long a session may rely on the settings and the server with which it was opened. */
const maxAgeS = 600;

export type SqlOptions = {
  url: string;
  maxConnections: number;
  applicationName: string;
  /** The server lacks space, or cannot use its files. */
  onServerTrouble?(error: Error): void;
};

export type PooledSql = Sql & { connections(): { busy: number; idle: number; waiting: number } };

/**
 * Opens no connection before the first statement. A caller waits at most 5 s for a free connection, which bounds the
 * queue. A statement may run for 30 s, 5 s of them waiting for a lock; and a transaction may hold its locks for 30 s
 * without a statement.
 * @throws (from every call) if PostgreSQL cannot be reached within 5 s, with host, port and the variable to look at.
 */
export function openSql(options: SqlOptions): PooledSql {
  const { url, maxConnections, applicationName, onServerTrouble = () => {} } = options;
  const pool = new pg.Pool({
    ...connectionSettings(url, applicationName),
    max: maxConnections,
    idleTimeoutMillis: idleConnectionMs,
    maxLifetimeSeconds: maxAgeS,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    query_timeout: silenceTimeoutMs,
  });

  const sessions = createSessions();
  // A connection that dies between two statements emits an error event, and without a listener that ends the process.
  let connected = 0;
  pool.on("connect", (client) => {
    connected += 1;
    sessions.opened(client);
    client.on("error", () => sessions.broke(client));
  });
  pool.on("remove", () => {
    connected -= 1;
  });
  pool.on("error", () => {});

  async function checkOut(): Promise<pg.PoolClient> {
    try {
      for (;;) {
        const client = await pool.connect();
        // Ends: each bad connection leaves the pool, and a new one is not bad.
        if (!sessions.isBad(client)) return client;
        client.release(true);
      }
    } catch (error) {
      if (pool.ending) throw error;
      if (connected >= maxConnections) throw markUnavailable(poolExhausted(maxConnections, error));
      throw markUnavailable(connectFailure(url, error));
    }
  }

  async function withConnection<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await checkOut();
    try {
      return await use(client);
    } finally {
      sessions.givenBack(client);
      client.release(sessions.isBad(client));
    }
  }

  async function send<Answer>(client: pg.PoolClient, sending: Promise<Answer>): Promise<Answer> {
    try {
      return await sending;
    } catch (error) {
      sessions.failed(client, error);
      if (isServerTrouble(error)) onServerTrouble(error as Error);
      throw isAway(error) ? markUnavailable(error) : error;
    }
  }

  async function run<R extends Row>(client: pg.PoolClient, text: string, values: readonly unknown[]): Promise<R[]> {
    const { rows } = await send(client, fly(client, [{ name: statementName(text), text, values }]));
    return rows[0] as R[];
  }

  async function transactOnce<T>(
    client: pg.PoolClient,
    work: (tx: Tx) => Promise<T>,
  ): Promise<{ result: T; afterCommit: AfterCommit }> {
    let open = true;
    const afterCommit = createAfterCommit();
    // The first one of a transaction: PostgreSQL runs none behind it if it fails.
    const statements = createFlights([begin], (together) => send(client, fly(client, together)));
    function statement(text: string, values: readonly unknown[]): Statement {
      // A late statement would run in the transaction of the connection's next user.
      if (!open) throw new Error("the transaction has ended; await every statement inside of it");
      return { name: statementName(text), text, values };
    }
    const tx: Tx = {
      inTransaction: true,
      async query<R extends Row>(text: string, values: readonly unknown[] = []) {
        return (await statements.add(statement(text, values))) as R[];
      },
      write(text, values = []) {
        // One that cannot be written fails here, and not behind a commit whose fate would be unknown.
        statements.put(statement(text, values.map(parameterOf)));
      },
      afterCommit(follow) {
        if (!open) throw new Error("the transaction has ended; call afterCommit inside of it");
        afterCommit.add(follow);
      },
    };
    let result: T;
    try {
      result = await work(tx);
      open = false;
      await statements.landed();
    } catch (error) {
      open = false;
      await statements.landed().catch(() => {});
      // A failed rollback marks the connection as broken, and closing it rolls back too.
      if (statements.began && !sessions.isBroken(client)) await send(client, client.query("rollback")).catch(() => {});
      throw error;
    }
    const rest = statements.rest();
    if (statements.began) await commit(client, rest);
    return { result, afterCommit };
  }

  /** Together with the last statements: behind one of them that fails PostgreSQL does not begin to commit. */
  async function commit(client: pg.PoolClient, last: readonly Statement[]): Promise<void> {
    if (sessions.isBroken(client)) {
      throw markUnavailable(new Error("the connection was lost before committing; nothing was committed"));
    }
    let landed: Landed;
    try {
      landed = await send(client, fly(client, [...last, commitStatement]));
    } catch (error) {
      // "ERROR" means that PostgreSQL refused a statement or to commit; any other error, its own shutdown included, may
      // come after the commit.
      if (!leavesConnectionUsable(error)) throw new CommitUnknown(error);
      if (last.length > 0) await send(client, client.query("rollback")).catch(() => {});
      throw error;
    }
    // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error.
    if (landed.lastCommand !== "COMMIT") {
      throw new Error("nothing was committed: a statement of the transaction had failed and its error was swallowed");
    }
  }

  return {
    query: (text, values = []) =>
      repeatIfAsked(() => withConnection((client) => run(client, text, values)), sessions.metOld),
    async transaction(work) {
      const { result, afterCommit } = await repeatIfAsked(
        () => withConnection((client) => transactOnce(client, work)),
        sessions.metOld,
      );
      // Outside of the repetition: the transaction stands, whatever these do.
      afterCommit.run();
      return result;
    },
    connections: () => ({
      busy: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: () => pool.end(),
  };
}

function poolExhausted(maxConnections: number, cause: unknown): Error {
  return new Error(
    `all ${maxConnections} connections to PostgreSQL were busy for ${connectTimeoutMs} ms: ` +
      "statements are slow or the pool is too small",
    { cause },
  );
}

const commitStatement = { name: "commit", text: "commit", values: [] };
const begin = { name: "begin", text: "begin isolation level read committed", values: [] };

/** Grows with the number of statements in the source, not with their use, because texts are static. */
const names = new Map<string, string>();

function statementName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = hash("sha256", text, "base64url").slice(0, 22);
    names.set(text, name);
  }
  return name;
}
