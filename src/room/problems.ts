/** Lists every reason for which a request about a line is refused. */
import { defineProblems } from "#platform/problems";

export const roomProblems = defineProblems({
  drop_not_found: { status: 404, title: "There is no such drop" },
  room_closed: { status: 409, title: "The line takes no places at this moment" },
  email_not_verified: { status: 403, title: "This line is for people with a verified address" },
  work_required: { status: 403, title: "Joining this line asks for a proof of work" },
  not_in_line: { status: 404, title: "You have no place in this line" },
  not_your_turn: { status: 409, title: "Your place is not called", retryAfterSeconds: 2 },
  nothing_free: { status: 503, title: "No unit of this product is free at this moment", retryAfterSeconds: 2 },
  pass_spent: { status: 409, title: "Your pass has made its order" },
  no_draw: { status: 404, title: "This drop has no line that is drawn" },
  already_drawn: { status: 409, title: "The order of the line is known already" },
  draw_waits: { status: 409, title: "The beacon may still come" },
  product_not_in_drop: { status: 409, title: "The drop does not sell this product" },
  pass_invalid: { status: 403, title: "This pass is not valid for this order" },
  pass_expired: { status: 403, title: "The pass has expired" },
  gate_unavailable: { status: 503, title: "The stock gate does not answer", retryAfterSeconds: 1 },
});

export const details: Record<keyof typeof roomProblems, string> = {
  drop_not_found: "No drop has this id. GET /drops lists them.",
  room_closed:
    "GET /drops/{dropId}/room tells its state, and when it takes places. Once it is ended or cancelled it gives no passes either.",
  email_not_verified: "Sign up with your address: the code that is mailed to it proves that it is yours.",
  work_required:
    "Find a number, so that SHA-256 of challenge, colon and number begins with `bits` zero bits. Then ask again with Join-Work: challenge:number.",
  not_in_line: "Join first: POST /drops/{dropId}/room.",
  not_your_turn: "Ask again when GET /drops/{dropId}/room shows that your place is called.",
  nothing_free: "Ask again, or take another product of the drop.",
  pass_spent: "The order is at GET /orders/{orderId}.",
  no_draw: "GET /drops/{dropId} tells how it is entered. Of a line that has no places yet nothing is published.",
  already_drawn: "GET /drops/{dropId}/fair shows how it was drawn.",
  draw_waits: "The wait can be ended two minutes after the time of the beacon's round: see docs/guide/fair.md.",
  product_not_in_drop: "GET /drops/{dropId} lists its products.",
  pass_invalid:
    "It is of another person or drop, or was exchanged already. POST /drops/{dropId}/room/pass tells yours.",
  pass_expired: "Ask for another one: POST /drops/{dropId}/room/pass.",
  gate_unavailable: "Your pass was not exchanged yet. Send the same request again: it goes on where it stopped.",
};
