/** Lists every reason for which a request about webhooks is refused. */
import { defineProblems } from "#platform/problems";

export const notificationProblems = defineProblems({
  webhook_not_found: { status: 404, title: "There is no such webhook" },
  delivery_not_found: { status: 404, title: "There is no such delivery" },
  address_refused: { status: 400, title: "Nothing is sent to this address" },
  webhook_disabled: { status: 409, title: "The webhook is disabled" },
  too_many_webhooks: { status: 409, title: "There are as many webhooks as the shop may have" },
});

export const details: Record<Exclude<keyof typeof notificationProblems, "address_refused">, string> = {
  webhook_not_found: "No webhook has this webhookId. GET /webhooks lists them.",
  delivery_not_found:
    "Deliveries that have ended are kept for thirty days. GET /webhooks/{webhookId}/deliveries lists those of a webhook.",
  webhook_disabled: "The webhook is disabled, so nothing is sent to it: enable it first, PATCH with enabled: true",
  too_many_webhooks: "Delete one that is not needed any more, or let one receiver take several types of events.",
};
