/**
 * Implements the Sql port over the tables in memory: each statement, and each commit, is a call of its own over the
 * network.
 */
import { CommitUnknown, type Row, type Sql, type Tx } from "#engines/sql";
import { createAfterCommit } from "../../../src/engines/sql/after-commit.ts";
import { MustWait, type Network, type Process } from "../network.ts";
import type { Planted } from "../planted.ts";
import type { Answer, Recorder } from "./record.ts";
import { checkWrite, createSessionPool, type Opening, type Session } from "./sessions.ts";
import type { Statement } from "./statements.ts";
import { begin, end, SqlFault, type Transaction } from "./tables.ts";

export type Server = {
  statementOf(text: string): Statement;
  /** Checked after every commit. */
  onCommit(): void;
  isDown: boolean;
  /** The state of a session that is opened now. */
  opening: Opening;
  /** Schemas whose tables do not answer: renamed, locked, or in a separate database that is down. */
  away: Set<string>;
  record?: Recorder | undefined;
};

export function connect(server: Server, network: Network, process: Process, planted?: Planted): Sql {
  const pool = createSessionPool(server.opening, planted);
  const gone = () => Object.assign(new Error("the connection to the books was lost"), { code: "08006" });

  function execute(session: Session, transaction: Transaction, text: string, values: readonly unknown[]): object[] {
    const { name, run } = server.statementOf(text);
    for (const schema of server.away) {
      if (text.includes(`${schema}.`)) throw new SqlFault("42P01", `the tables of ${schema} are away`);
    }
    checkWrite(session, text);
    // The product may change its arguments later.
    const note = (answer: Answer) =>
      server.record?.(structuredClone({ kind: "statement", name, text, values, answer }), transaction);
    try {
      const rows = run(transaction, values);
      note({ rows });
      return rows;
    } catch (error) {
      if (error instanceof SqlFault) note({ code: error.code });
      throw error;
    }
  }

  function statement<R extends Row>(session: Session, tx: Transaction, text: string, values: readonly unknown[]) {
    const { name } = server.statementOf(text);
    return network.call<R[]>({
      process,
      says: name,
      effect() {
        if (tx.ended) throw gone();
        if (server.isDown) {
          end(tx, false);
          throw gone();
        }
        return execute(session, tx, text, values) as R[];
      },
      unanswered: gone,
      onLost: () => end(tx, false),
    });
  }

  function finish(tx: Transaction): Promise<void> {
    const commit = () => {
      if (tx.ended || server.isDown) throw gone();
      end(tx, true);
      server.onCommit();
    };
    return network.call({
      process,
      says: "commit",
      effect: commit,
      unanswered: () => new CommitUnknown(gone()),
    });
  }

  /** A transaction ends with its process at the latest. */
  function open(): Transaction {
    const transaction = begin();
    const rollBack = () => end(transaction, false);
    process.onDeath.add(rollBack);
    transaction.onEnd.push(() => {
      process.onDeath.delete(rollBack);
      server.record?.({ kind: "end", committed: transaction.committed }, transaction);
    });
    return transaction;
  }

  async function transactOnce<T>(session: Session, work: (tx: Tx) => Promise<T>) {
    const transaction = open();
    const afterCommit = createAfterCommit();
    let latest: Promise<unknown> = Promise.resolve();
    const written: Promise<unknown>[] = [];
    const tx: Tx = {
      inTransaction: true,
      write(text, values) {
        const answer = tx.query(text, values);
        answer.catch(() => {});
        written.push(answer);
      },
      // In the order of the calls; one that fails ends those that were asked for with it.
      query<R extends Row>(text: string, values: readonly unknown[] = []) {
        const answer = latest.then(() => statement<R>(session, transaction, text, values));
        latest = answer;
        const settled = () => {
          if (latest === answer) latest = Promise.resolve();
        };
        answer.then(settled, settled);
        return answer;
      },
      afterCommit: afterCommit.add,
    };
    try {
      const result = await work(tx);
      await Promise.all(written);
      await finish(transaction);
      return { result, afterCommit };
    } finally {
      // A commit whose answer is lost ends with the connection.
      end(transaction, false);
    }
  }

  return {
    query: <R extends Row>(text: string, values: readonly unknown[] = []) =>
      pool.use((session) => queryOnce<R>(session, text, values)),
    async transaction(work) {
      const { result, afterCommit } = await repeated(() => pool.use((session) => transactOnce(session, work)));
      afterCommit.run();
      return result;
    },
    async close() {},
  };

  async function repeated<T>(once: () => Promise<T>): Promise<T> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await once();
      } catch (error) {
        if (!(error instanceof SqlFault && error.code === "40P01") || retry === 5) throw error;
      }
    }
  }

  function queryOnce<R extends Row>(session: Session, text: string, values: readonly unknown[]): Promise<R[]> {
    const transaction = open();
    const { name } = server.statementOf(text);
    const effect = () => {
      try {
        // It may have waited for a lock, and may hold others: they are released with the connection.
        if (server.isDown || transaction.ended) throw gone();
        const rows = execute(session, transaction, text, values) as R[];
        end(transaction, true);
        server.onCommit();
        return rows;
      } catch (error) {
        if (!(error instanceof MustWait)) end(transaction, false);
        throw error;
      }
    };
    return network.call({ process, says: name, effect, unanswered: gone });
  }
}
