/** Lists every reason for which a request about a drop is refused. */
import { defineProblems } from "#platform/problems";

export const dropProblems = defineProblems({
  drop_not_found: { status: 404, title: "There is no such drop" },
  drop_exists: { status: 409, title: "The drop id is taken" },
  version_mismatch: { status: 412, title: "It has changed since you read it" },
  drop_frozen: { status: 409, title: "This can no longer be changed" },
  drop_over: { status: 409, title: "The drop is over" },
  drop_not_scheduled: { status: 409, title: "The drop is a draft" },
  already_scheduled: { status: 409, title: "The drop is scheduled already" },
  preflight_failed: { status: 409, title: "A check failed" },
  product_in_other_drop: { status: 409, title: "A product is sold in another drop" },
  reminder_too_late: { status: 409, title: "It is too late for a reminder of this drop" },
  no_mail_address: { status: 409, title: "Your account has no address that receives mails" },
  gate_unavailable: { status: 503, title: "The stock gate does not answer", retryAfterSeconds: 1 },
});

export type DropRefusal = Exclude<
  keyof typeof dropProblems,
  "gate_unavailable" | "drop_not_found" | "reminder_too_late" | "no_mail_address"
>;

export const details: Record<keyof typeof dropProblems, string> = {
  drop_not_found: "No drop has this id. GET /drops lists them.",
  drop_exists: "Choose another dropId, or change that drop.",
  version_mismatch: "Read the drop again, and repeat the change.",
  drop_frozen:
    "From scheduling on the products stay, from freezeLeadSeconds before the opening on the opening stays, and once people may join the line, so does the way in. A drop can always be paused, and closed early: a new closesAt is later than now, and POST /drops/{dropId}/end closes it at once.",
  drop_over: "Copy the drop to sell its products again.",
  drop_not_scheduled: "Schedule it first: POST /drops/{dropId}/schedule.",
  already_scheduled: "Change it with PATCH /drops/{dropId}.",
  preflight_failed: "Repair what `checks` names, or schedule with force and a reason.",
  product_in_other_drop: "A product is sold in one drop at a time. Close the other drop, or leave the product out.",
  reminder_too_late:
    "A reminder comes before the opening, or before a draw takes no one any more. This drop is past that, ended or was cancelled.",
  no_mail_address: "Sign up with an address, or sign in to an account that has one.",
  gate_unavailable:
    "The change is stored and holds as soon as the gate answers. Until then the gate uses the former terms.",
};
