-- How the simulated bank decides about a charge: a verdict is what the attempts of an order come to.
alter table payment_simulator.charge rename column verdict to result;
alter table payment_simulator.charge rename column verdict_at to result_at;
alter table payment_simulator.charge rename constraint charge_verdict_check to charge_result_check;
