/** The SQL port is a pool of connections to one PostgreSQL, embedded or given by URL. */

export { hasWaitedForLock, isDataFault, mayBeOneRowsFault } from "./data-faults.ts";
export { isRefusal } from "./refusals.ts";

export type Row = Record<string, unknown>;

export type Queryable = {
  /**
   * Runs one statement. It is prepared once for each connection, under a name made from its text, so the text must be
   * static. A statement whose connection is lost may or may not have taken effect.
   */
  query<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
};

/**
 * Marks a connection that is inside a transaction: functions that must not commit by themselves take this type. It runs
 * one statement after another, in the order of the calls. Those that are asked for together, as with `Promise.all`, go to
 * PostgreSQL and come back in one trip; if one of them fails, those behind it do not begin, and all of them reject.
 */
export type Tx = Queryable & {
  readonly inTransaction: true;
  /**
   * Asks for a statement whose answer the transaction does not need. It goes with the next statement or with the commit,
   * behind which it makes no trip of its own. If it fails, the transaction is rolled back and throws its error.
   * @throws RangeError for a value that cannot be written.
   */
  write(text: string, values?: readonly unknown[]): void;
  /**
   * Runs `follow` once, after the commit was acknowledged and before `transaction` answers, in the order of the calls. Use
   * it for hints to this process: a crash in between loses them.
   * - It does not run after a rollback, nor when the answer to COMMIT was lost (CommitUnknown), although the transaction
   *   may stand then. What depends on it must be found by another way too.
   * - When `work` runs again, what it asked for in the run that was rolled back is forgotten.
   * - If `follow` throws, the transaction stands and the other functions run; `transaction` then throws AfterCommitFailed.
   * @throws after the transaction has ended.
   */
  afterCommit(follow: () => void): void;
};

/** See still.ts. */
export type Still = {
  /** While two answers are equal, no transaction wrote in between. An answer is at most a quarter of a second old. */
  mark(): Promise<string>;
  /** The committed transaction with this number is a sign of life, which no loop looks for. */
  passOver(transaction: string | undefined): void;
};

export type Sql = Queryable & {
  /**
   * Commits what `work` did, or nothing of it. After a deadlock or a serialization failure it runs `work` again, so
   * `work` must change nothing but `tx`.
   * @throws CommitUnknown if the connection was lost while committing.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Tells whether anything was written. Its `mark` counts all databases of the shop. Pools of commands have none. */
  readonly still?: Still;
  close(): Promise<void>;
};

/** The answer to COMMIT was lost: the transaction may or may not be committed. */
export class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super("the connection was lost while committing; the transaction may or may not stand", { cause });
    this.name = "CommitUnknown";
  }
}

/**
 * SQLSTATEs of a session that was opened at a bad moment, or changed since: the database was read-only, the name led to
 * a reader, a pooler gave the session another role or dropped its prepared statements, the schema was not there yet.
 * PostgreSQL refused the statement and did nothing; on a new connection it may succeed.
 */
const sessionFaults: ReadonlySet<unknown> = new Set([
  "25006", // read_only_sql_transaction
  "42501", // insufficient_privilege
  "42P01", // undefined_table
  "3F000", // invalid_schema_name
  "26000", // invalid_sql_statement_name
  "42P05", // duplicate_prepared_statement
]);

/** The session may be at fault rather than the statement, so it is never used again. */
export function isSessionFault(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return sessionFaults.has(code) || (typeof code === "string" && /^XX\d{3}$/.test(code));
}

/** @throws with the SQLSTATE of a session fault if the session takes no writes. */
export const refuseReadOnly = `
  do $$ begin
    if current_setting('transaction_read_only')::boolean then
      raise exception 'this session takes no writes: the database is read-only or a replica'
        using errcode = 'read_only_sql_transaction';
    end if;
  end $$`;
