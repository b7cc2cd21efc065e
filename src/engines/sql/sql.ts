/** SQL in the open: a pool of connections to one PostgreSQL, embedded or given by URL. */

export type Row = Record<string, unknown>;

export type Queryable = {
  /**
   * Runs one statement; it is prepared once a connection, under a name made from its text, so the text must be static.
   * A statement whose connection is lost may or may not stand.
   */
  query<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
};

/**
 * Marks a connection that is inside a transaction: functions that must not commit by themselves ask for one.
 * It runs one statement at a time, so await each: `Promise.all` over them wins nothing.
 */
export type Tx = Queryable & { readonly inTransaction: true };

export type Sql = Queryable & {
  /**
   * Commits what `work` did, or nothing of it. Deadlocks and serialization failures run `work` again, so
   * it must not touch anything but `tx`.
   * @throws CommitUnknown when the connection was lost while committing.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** The answer to COMMIT was lost: the transaction may or may not stand. */
export class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super("the connection was lost while committing; the transaction may or may not stand", { cause });
    this.name = "CommitUnknown";
  }
}
