/**
 * Sends statements to PostgreSQL together and reads their answers in one go: one write, one wake-up and one answer
 * instead of one each. A statement that fails ends them: PostgreSQL does not begin those behind it.
 */
import type pg from "pg";
import { getTypeParser } from "./connection.ts";
import { parameterOf } from "./parameters.ts";
import type { Row } from "./sql.ts";

export type Statement = { name: string; text: string; values: readonly unknown[] };

/** The rows of each statement, and the command that PostgreSQL says it ran last. */
export type Landed = { rows: Row[][]; lastCommand: string };

/** @throws the error of the first one that failed. */
export async function fly(client: pg.ClientBase, statements: readonly Statement[]): Promise<Landed> {
  try {
    return await new Promise<Landed>((resolve, reject) => {
      const onLanded = (error: Error | null | undefined, landed: Landed) => (error ? reject(error) : resolve(landed));
      client.query(new Flight(statements, onLanded) as pg.Submittable);
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
  send: (statements: readonly Statement[]) => Promise<Landed>,
) {
  let waiting: Waiting[] = [];
  let flying: Promise<void> | undefined;
  let began = false;
  let fault: unknown;

  function firstOnce(): readonly Statement[] {
    if (began) return [];
    began = true;
    return first;
  }

  async function flyAll(): Promise<void> {
    // Behind all promises that are due: what is asked for together goes together.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    while (waiting.length > 0) {
      const together = waiting;
      waiting = [];
      const before = firstOnce();
      try {
        const { rows } = await send([...before, ...together.map(({ statement }) => statement)]);
        together.forEach(({ resolve }, i) => {
          resolve(rows[before.length + i] as Row[]);
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
    /** Goes with the next statement, or with the last ones. Nothing waits for its answer. */
    put(statement: Statement): void {
      const reject = (error: unknown) => {
        fault ??= error;
      };
      waiting.push({ statement, resolve: () => {}, reject });
    },
    /** Resolves when no statement is under way. @throws the error of one that was put. */
    async landed(): Promise<void> {
      await flying;
      if (fault !== undefined) throw fault;
    },
    /** Those that were put and are not sent, with `first` if these were not sent either. Nothing may be asked for any more. */
    rest(): readonly Statement[] {
      const left = waiting.map(({ statement }) => statement);
      waiting = [];
      return left.length > 0 ? [...firstOnce(), ...left] : [];
    },
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
  callback: (error: Error | null | undefined, landed: Landed) => void;
  private readonly statements: readonly Statement[];
  private readonly landed: Landed = { rows: [], lastCommand: "" };
  private rows: Row[] = [];
  private columns: Column[] = [];
  private fault: Error | undefined;
  private land = () => {};

  constructor(statements: readonly Statement[], callback: Flight["callback"]) {
    this.statements = statements;
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

  handleCommandComplete({ text }: { text: string }): void {
    this.landed.rows.push(this.rows);
    this.landed.lastCommand = text;
    this.rows = [];
    this.columns = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  handleReadyForQuery(): void {
    this.land();
    this.callback(this.fault, this.landed);
  }

  handleError(error: Error): void {
    this.land();
    this.callback(this.fault ?? error, this.landed);
  }
}
