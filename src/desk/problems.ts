/** Lists the refusals of the desk. */
import { defineProblems } from "#platform/problems";

export const deskProblems = defineProblems({
  dead_letter_not_found: { status: 404, title: "There is no such dead letter" },
  dead_letter_handled: { status: 409, title: "The dead letter was replayed or discarded already" },
  dead_letter_incomplete: { status: 409, title: "The dead letter has no value that could be replayed" },
  order_not_found: { status: 404, title: "There is no such order" },
  saga_not_stuck: { status: 409, title: "The order's saga is not stuck" },
  saga_stands: { status: 409, title: "The order's saga still stands" },
  order_ended: { status: 409, title: "The order has ended already" },
  payment_undecided: { status: 409, title: "The provider has not decided about the order's payment" },
  order_paid: { status: 409, title: "Its buyer has paid or confirmed the order" },
});

export const details: Record<Exclude<keyof typeof deskProblems, "saga_stands">, string> = {
  dead_letter_not_found: "No dead letter has this id. GET /admin/dead-letters lists them.",
  dead_letter_handled: "Nothing was done. Read the letter: it says when, by whom, and why.",
  dead_letter_incomplete:
    "The log refused the whole record, so only its length, hash and place were kept. Find the record in its topic by " +
    "dlq-partition and dlq-offset, have its producer send it again, and discard this letter.",
  order_not_found: "No order in the books has this id. GET /admin/sagas lists those that are stuck.",
  saga_not_stuck:
    "The order still has time. To end an order before its deadline, cancel it: POST /orders/{orderId}/cancel.",
  order_ended: "Nothing was done. GET /orders/{orderId} says how it ended.",
  payment_undecided:
    "The payment may still be granted, and an order gets its end once. Retry asks the provider again; if it does not " +
    "answer, decide the payment at the provider. An hour after its deadline the order ends by itself, and a payment " +
    "that comes later is given back.",
  order_paid: "Retry confirms it; refund it afterwards if the buyer is not to have it: POST /orders/{orderId}/refund.",
};
