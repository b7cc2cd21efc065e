/** The sentences about the order of a line. */
export const fair = {
  fairTitle: "How the line was ordered",
  fairIntro:
    "Your browser checks this itself: from the files that the shop published, and from what this browser kept while you waited. The command dropgate verify does the same.",
  fairChecking: "Checking…",
  fairAgain: "Check again",
  fairNone: "This drop has no line that is drawn, so there is nothing to check.",
  fairAway: "The shop's files cannot be read at the moment. Check again later.",
  fairBroken: "The shop's files have another form than its rules say, so they cannot be checked.",
  fairHolds: "Every check holds.",
  fairOwn: "No check fails. But the shop drew this line itself, so the order proves nothing to people outside.",
  fairArrival:
    "No check fails. The random number did not come, so people are served in the order in which they joined.",
  fairEmpty:
    "No check fails. No one had joined before the freeze, so nothing was drawn: people are served in the order in which they joined.",
  fairNotYet: "No check fails so far. The line is not drawn yet.",
  fairFails: "Something does not hold.",
  fairGroup_fails: "What does not hold",
  fairGroup_holds: "What is shown",
  fairGroup_warns: "What is not shown",
  fairGroup_unknown: "What is not known yet",
  fairPlace: "Your place",
  fairNumber: "Your number in the list",
  fairReceipt: "Save your receipt",
  fairNoReceipt: "This browser keeps no place in this line. Only the public files are checked.",
  fairToDrop: "To the drop",
  fairRecord: "The record",
  fairRoster: "The list of places",
  fairCheck_beacon: "The random number's source",
  fairCheck_key: "The shop's key",
  fairCheck_rules: "The rules",
  fairCheck_root: "The signature of the list",
  fairCheck_roster: "The list stayed the same",
  fairCheck_round: "The random number",
  fairCheck_seed: "The seed of the order",
  fairCheck_empty: "Nothing to draw",
  fairCheck_heads: "The list only grew",
  fairCheck_calls: "No place came before its turn",
  fairCheck_orders: "Every order had a place",
  fairCheck_receipt: "Your receipt",
  fairCheck_place: "Your place",
  fairCheck_witness: "What this browser saw",
  fairCheck_invented: "Invented people",
} as const;

/** The type of these sentences in any language. */
export type FairStrings = { readonly [Key in keyof typeof fair]: string };
