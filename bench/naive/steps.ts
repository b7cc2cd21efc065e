/** The steps of an order as a tutorial has them: each is one statement or two, in one commit of its own. */
import pg from "pg";

export const stepNames = ["reserve", "requestPayment", "authorize", "confirm", "capture"] as const;
export type StepName = (typeof stepNames)[number];
export type NaiveSteps = Record<StepName, (orderId: string) => Promise<void>>;

const connections = 20;
const left = 100_000_000;

/** Makes its tables anew. */
export async function openSteps(url: string): Promise<{ steps: NaiveSteps; close(): Promise<void> }> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  for (const statement of [
    "drop schema if exists naive cascade",
    "create schema naive",
    "create table naive.stock (product_id text primary key, units integer not null check (units >= 0))",
    "create table naive.orders (order_id text primary key, status text not null)",
    "create table naive.payment (order_id text primary key, state text not null)",
    `insert into naive.stock values ('lamp', ${left})`,
  ]) {
    await pool.query(statement);
  }
  const statement = (name: StepName, text: string) => async (orderId: string) => {
    await pool.query({ name, text, values: [orderId] });
  };
  return {
    steps: {
      reserve: statement(
        "reserve",
        `with taken as (update naive.stock set units = units - 1 where product_id = 'lamp')
         insert into naive.orders values ($1, 'RESERVED') on conflict do nothing`,
      ),
      requestPayment: statement(
        "requestPayment",
        "insert into naive.payment values ($1, 'requested') on conflict do nothing",
      ),
      authorize: statement("authorize", "update naive.payment set state = 'authorized' where order_id = $1"),
      confirm: statement("confirm", "update naive.orders set status = 'CONFIRMED' where order_id = $1"),
      capture: statement("capture", "update naive.payment set state = 'captured' where order_id = $1"),
    },
    close: () => pool.end(),
  };
}
