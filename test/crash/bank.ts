/**
 * Some providers take money that they were only asked to hold. The simulated bank of these runs does so with one card,
 * a moment after the request, so that there is money to give back. And some card holders dispute a capture. Both happen
 * outside of the system, as at a real bank.
 */
import type { Queryable } from "#engines/sql";

const statements = [
  `create or replace function payment_simulator.take_at_once() returns trigger language plpgsql as $$
   begin
     if tg_op = 'INSERT' then new.result_at := new.result_at + interval '700 milliseconds';
     elsif old.status = 'processing' and new.status = 'authorized' then new.status := 'captured';
     end if;
     return new;
   end $$`,
  `create or replace trigger take_at_once before insert or update on payment_simulator.charge
     for each row when (new.card_last4 = '1111') execute function payment_simulator.take_at_once()`,
  `create or replace function payment_simulator.dispute() returns trigger language plpgsql as $$
   begin
     insert into payment_simulator.webhook (event_id, copy, body, deliver_at)
     values ('evt_dispute_' || new.payment_id, 0, jsonb_build_object('type', 'charge.disputed', 'timestamp', now(),
       'data', jsonb_build_object('paymentId', new.payment_id, 'chargeId', new.charge_id, 'status', 'disputed',
         'amountMinor', new.amount_minor, 'currency', new.currency))::text, now() + interval '200 milliseconds');
     return null;
   end $$`,
  `create or replace trigger dispute after update on payment_simulator.charge
     for each row when (new.card_last4 = '4242' and new.status = 'captured' and old.status <> 'captured')
     execute function payment_simulator.dispute()`,
];

export async function openGreedyBank(sql: Queryable): Promise<void> {
  for (const statement of statements) await sql.query(statement);
}
