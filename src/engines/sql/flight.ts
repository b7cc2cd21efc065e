/**
 * Sends statements to PostgreSQL together and reads their answers in one go: one write, one wake-up and one answer
 * instead of one each. A statement that fails ends them: PostgreSQL does not begin those behind it.
 */
import type pg from "pg";
import { getTypeParser } from "./connection.ts";
import { parameterOf } from "./parameters.ts";
import type { Row } from "./sql.ts";

export type Statement = { name: string; text: string; values: readonly unknown[] };

/** Returns the rows of each. @throws the error of the first one that failed. */
export async function fly(client: pg.ClientBase, statements: readonly Statement[]): Promise<Row[][]> {
  try {
    return await new Promise<Row[][]>((resolve, reject) => {
      client.query(new Flight(statements, (error, rows) => (error ? reject(error) : resolve(rows))) as pg.Submittable);
    });
  } catch (error) {
    // Made where the socket was read, it would not tell who asked.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

type Waiting = { statement: Statement; resolve(rows: Row[]): void; reject(error: unknown): void };

/**
 * Collects the statements of a transaction: those that are asked for at the same time, or while others are under way, fly
 * together. `first` go before all others.
 */
export function createFlights(
  first: readonly Statement[],
  send: (statements: readonly Statement[]) => Promise<Row[][]>,
) {
  let waiting: Waiting[] = [];
  let flying: Promise<void> | undefined;
  let began = false;

  async function flyAll(): Promise<void> {
    // Behind all promises that are due: what is asked for together goes together.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    while (waiting.length > 0) {
      const together = waiting;
      waiting = [];
      const before = began ? [] : first;
      began = true;
      try {
        const answers = await send([...before, ...together.map(({ statement }) => statement)]);
        together.forEach(({ resolve }, i) => {
          resolve(answers[before.length + i] as Row[]);
        });
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    flying = undefined;
  }

  return {
    add(statement: Statement): Promise<Row[]> {
      return new Promise((resolve, reject) => {
        waiting.push({ statement, resolve, reject });
        flying ??= flyAll();
      });
    },
    /** Resolves when no statement is under way. */
    landed: () => flying ?? Promise.resolve(),
    /** Whether `first` were sent. */
    get began() {
      return began;
    },
  };
}

/** The part of pg's connection that is used here. */
type Connection = pg.Connection & {
  stream: { cork(): void; uncork(): void };
  /** Texts by name, of this connection. */
  parsedStatements: Record<string, string>;
};
type Field = { name: string; dataTypeID: number };
type Column = { name: string; parse(text: string): unknown };

class Flight implements pg.Submittable {
  /** pg wraps it, for its limit of time. */
  callback: (error: Error | null | undefined, rows: Row[][]) => void;
  private readonly statements: readonly Statement[];
  private readonly answers: Row[][];
  private rows: Row[] = [];
  private columns: Column[] = [];
  private fault: Error | undefined;
  private land = () => {};

  constructor(statements: readonly Statement[], callback: Flight["callback"]) {
    this.statements = statements;
    this.answers = [];
    this.callback = callback;
  }

  submit(given: pg.Connection): void {
    const connection = given as Connection;
    const parsing: Statement[] = [];
    const onParsed = () => {
      const parsed = parsing.shift();
      if (parsed) connection.parsedStatements[parsed.name] = parsed.text;
    };
    connection.on("parseComplete", onParsed);
    this.land = () => void connection.off("parseComplete", onParsed);
    connection.stream.cork();
    try {
      for (const { name, text, values } of this.statements) {
        const parameters = values.map(parameterOf);
        if (connection.parsedStatements[name] === undefined && !parsing.some((one) => one.name === name)) {
          parsing.push({ name, text, values });
          connection.parse({ name, text, types: [] }, true);
        }
        connection.bind({ statement: name, values: parameters, valueMapper: (value: unknown) => value } as never, true);
        connection.describe({ type: "P", name: "" }, true);
        connection.execute({}, true);
      }
    } catch (error) {
      // A value cannot be written. The statements before it are run: their transaction is rolled back.
      this.fault = error as Error;
    } finally {
      connection.sync();
      connection.stream.uncork();
    }
  }

  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    this.columns = fields.map(({ name, dataTypeID }) => ({ name, parse: getTypeParser(dataTypeID, "text") }));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    if (this.fault) return;
    try {
      const row: Row = {};
      for (let i = 0; i < fields.length; i += 1) {
        const { name, parse } = this.columns[i] as Column;
        const text = fields[i] as string | null;
        row[name] = text === null ? null : parse(text);
      }
      this.rows.push(row);
    } catch (error) {
      this.fault = error as Error;
    }
  }

  handleCommandComplete(): void {
    this.answers.push(this.rows);
    this.rows = [];
    this.columns = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handleReadyForQuery(): void {
    this.land();
    this.callback(this.fault, this.answers);
  }

  handleError(error: Error): void {
    this.land();
    this.callback(this.fault ?? error, this.answers);
  }
}
