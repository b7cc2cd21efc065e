/**
 * Providers differ: some take money that they were only asked to hold. The simulated bank of these runs does so with one
 * card, a moment after it was asked, so that there is money to be given back. Outside of the system, as a bank is.
 */
import type { Queryable } from "#engines/sql";

const statements = [
  `create or replace function payment_simulator.take_at_once() returns trigger language plpgsql as $$
   begin
     if tg_op = 'INSERT' then new.verdict_at := new.verdict_at + interval '700 milliseconds';
     elsif old.status = 'processing' and new.status = 'authorized' then new.status := 'captured';
     end if;
     return new;
   end $$`,
  `create or replace trigger take_at_once before insert or update on payment_simulator.charge
     for each row when (new.card_last4 = '1111') execute function payment_simulator.take_at_once()`,
];

export async function openGreedyBank(sql: Queryable): Promise<void> {
  for (const statement of statements) await sql.query(statement);
}
