/** The list of all laws. README.md lists the laws that each suite checks. */
import { acceptedAndNotTerminal } from "./accepted-and-not-terminal.ts";
import { acceptedAndRefused } from "./accepted-and-refused.ts";
import { acceptedAndUnknown } from "./accepted-and-unknown.ts";
import { callsTakenBack } from "./calls-taken-back.ts";
import { cancelledUnasked } from "./cancelled-unasked.ts";
import { chargedTwiceOrTooMuch } from "./charged-twice-or-too-much.ts";
import { chargedWithoutOrder } from "./charged-without-order.ts";
import { claimedTwice } from "./claimed-twice.ts";
import { confirmedAndNotPaid } from "./confirmed-and-not-paid.ts";
import { deadLetters } from "./dead-letters.ts";
import { endedAndNotAnnounced } from "./ended-and-not-announced.ts";
import { endedAndTakenBack } from "./ended-and-taken-back.ts";
import { endedBeforeItsTime } from "./ended-before-its-time.ts";
import { failedAndStanding } from "./failed-and-standing.ts";
import { freeUnitsOfferedToNoOne } from "./free-units-offered-to-no-one.ts";
import { gateOutOfStep } from "./gate-out-of-step.ts";
import { givenBackMoreThanPaid } from "./given-back-more-than-paid.ts";
import { holdingsMiscounted } from "./holdings-miscounted.ts";
import { leakedHolds } from "./leaked-holds.ts";
import { lostUnits } from "./lost-units.ts";
import { moneyHeldAndForgotten } from "./money-held-and-forgotten.ts";
import { ordersDuringAPause } from "./orders-during-a-pause.ts";
import { ordersLeftInACancelledDrop } from "./orders-left-in-a-cancelled-drop.ts";
import { ordersOfExchangedPasses } from "./orders-of-exchanged-passes.ts";
import { ordersOutsideTheWindow } from "./orders-outside-the-window.ts";
import { ordersWithoutAPassOfTheirOwn } from "./orders-without-a-pass-of-their-own.ts";
import { oversoldUnits } from "./oversold-units.ts";
import { passesWithoutAUnit } from "./passes-without-a-unit.ts";
import { placesRankedOutOfTheRoster } from "./places-ranked-out-of-the-roster.ts";
import { placesThatAreNotOneEach } from "./places-that-are-not-one-each.ts";
import { placesThatChanged } from "./places-that-changed.ts";
import { pricesThatGateAndBooksDisagreeAbout } from "./prices-that-gate-and-books-disagree-about.ts";
import { refusedWhileUnitsWereFree } from "./refused-while-units-were-free.ts";
import { returnedUnitsSoldPastTheLine } from "./returned-units-sold-past-the-line.ts";
import { shutAfterTheTrouble } from "./shut-after-the-trouble.ts";
import { twoOrdersForOneWish } from "./two-orders-for-one-wish.ts";
import { unitsAboveACustomersLimit } from "./units-above-a-customers-limit.ts";
import { unitsOfRefundedOrders } from "./units-of-refunded-orders.ts";
import { unitsSoldAndGivenBack } from "./units-sold-and-given-back.ts";
import { unitsThatGateAndBooksDisagreeAbout } from "./units-that-gate-and-books-disagree-about.ts";
import { workLeftUnfinished } from "./work-left-unfinished.ts";

export const laws = [
  oversoldUnits,
  lostUnits,
  leakedHolds,
  holdingsMiscounted,
  unitsAboveACustomersLimit,
  unitsSoldAndGivenBack,
  unitsOfRefundedOrders,
  gateOutOfStep,
  unitsThatGateAndBooksDisagreeAbout,
  pricesThatGateAndBooksDisagreeAbout,
  chargedWithoutOrder,
  chargedTwiceOrTooMuch,
  confirmedAndNotPaid,
  givenBackMoreThanPaid,
  moneyHeldAndForgotten,
  acceptedAndUnknown,
  acceptedAndRefused,
  acceptedAndNotTerminal,
  endedBeforeItsTime,
  endedAndTakenBack,
  endedAndNotAnnounced,
  cancelledUnasked,
  claimedTwice,
  failedAndStanding,
  twoOrdersForOneWish,
  refusedWhileUnitsWereFree,
  ordersOutsideTheWindow,
  ordersDuringAPause,
  ordersLeftInACancelledDrop,
  placesThatAreNotOneEach,
  placesRankedOutOfTheRoster,
  passesWithoutAUnit,
  callsTakenBack,
  placesThatChanged,
  ordersWithoutAPassOfTheirOwn,
  ordersOfExchangedPasses,
  returnedUnitsSoldPastTheLine,
  freeUnitsOfferedToNoOne,
  workLeftUnfinished,
  deadLetters,
  shutAfterTheTrouble,
];
