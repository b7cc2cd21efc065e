/** The mails about an order, in the buyer's language. */
import type { MailLanguage } from "#platform/reader";

export const orderMailKinds = [
  "reserved",
  "confirmed",
  "failed",
  "cancelled",
  "refunded",
  "partly-refunded",
  "released",
  "charged-back",
  "handed-over",
] as const;
export type OrderMailKind = (typeof orderMailKinds)[number];
/** A mail names these, as the buyer's language and the shop's pages write them: the order by its code. An event of an earlier version has no deadline. */
export type OrderMailFacts = {
  order: string;
  units: string;
  total: string;
  /** No money moves, whatever becomes of the order. */
  isFree: boolean;
  /** The sum that a partial refund gives back, and the sum with earlier ones, if there were any. */
  part: string;
  withEarlier: string | undefined;
  until: string | undefined;
};
/** `text`: without the end of its last line. */
type Text = { subject: string; text: string };
type Texts = Record<OrderMailKind, (facts: OrderMailFacts) => Text>;

// A part of the money may have gone back before: no mail says that the total is on its way, or was taken back, at once.
const en: Texts = {
  reserved: ({ order, units, total, until }) => ({
    subject: "Your order is reserved",
    text: `Order ${order}\n${units}, ${total} in total.\n\nIt is held for you${until ? ` until ${until}` : ""}. Pay on the order's page before the time there runs out, or the order ends.`,
  }),
  confirmed: ({ order, units, total }) => ({
    subject: "Your order is paid",
    text: `Order ${order}\n${units}, ${total} in total.\n\nYour payment has arrived. What you ordered is yours.`,
  }),
  failed: ({ order, units }) => ({
    subject: "Your order has failed",
    text: `Order ${order}\n${units}.\n\nThe order was not paid in time, or could not be completed. Nothing is charged. A payment that was begun is given back.`,
  }),
  cancelled: ({ order, units }) => ({
    subject: "Your order is cancelled",
    text: `Order ${order}\n${units}.\n\nThe order is cancelled, and nothing is charged. A payment that was begun is given back.`,
  }),
  refunded: ({ order, units, total }) => ({
    subject: "Your payment goes back to you",
    text: `Order ${order}\n${units}.\n\nIn total, ${total} goes back to you. Your bank may need a few days.`,
  }),
  "partly-refunded": ({ order, units, total, part, withEarlier }) => ({
    subject: "A part of your payment goes back to you",
    text: `Order ${order}\n${units}, ${total} in total.\n\n${part} goes back to you${withEarlier ? `, which makes ${withEarlier} with earlier refunds` : ""}. Your order stays as it is. Your bank may need a few days.`,
  }),
  released: ({ order, units }) => ({
    subject: "Your payment was released",
    text: `Order ${order}\n${units}.\n\nYour bank or the payment provider has released your payment. Nothing is charged, and the order has ended.`,
  }),
  "charged-back": ({ order, units }) => ({
    subject: "Your bank took your payment back",
    text: `Order ${order}\n${units}.\n\nYour bank has taken your payment back from the shop, so the order has ended.`,
  }),
  "handed-over": ({ order, units }) => ({
    subject: "Your parcel is on its way",
    text: `Order ${order}\n${units}.\n\nThe warehouse has packed your order and handed the parcel over.`,
  }),
};

const de: Texts = {
  reserved: ({ order, units, total, until }) => ({
    subject: "Deine Ware ist reserviert",
    text: `Bestellung ${order}\n${units}, zusammen ${total}.\n\nDie Ware ist für dich zurückgelegt${until ? `, bis ${until}` : ""}. Bezahle auf der Seite der Bestellung, bevor die Zeit dort abläuft; sonst endet die Bestellung.`,
  }),
  confirmed: ({ order, units, total }) => ({
    subject: "Deine Bestellung ist bezahlt",
    text: `Bestellung ${order}\n${units}, zusammen ${total}.\n\nDeine Zahlung ist da, und die Ware gehört dir.`,
  }),
  failed: ({ order, units }) => ({
    subject: "Deine Bestellung ist gescheitert",
    text: `Bestellung ${order}\n${units}.\n\nDie Bestellung wurde nicht rechtzeitig bezahlt oder konnte nicht abgeschlossen werden. Nichts wird abgebucht. Eine begonnene Zahlung kommt zurück.`,
  }),
  cancelled: ({ order, units }) => ({
    subject: "Deine Bestellung ist storniert",
    text: `Bestellung ${order}\n${units}.\n\nDie Bestellung ist storniert, und nichts wird abgebucht. Eine begonnene Zahlung kommt zurück.`,
  }),
  refunded: ({ order, units, total }) => ({
    subject: "Du bekommst deine Zahlung zurück",
    text: `Bestellung ${order}\n${units}.\n\nDu bekommst insgesamt ${total} zurück. Deine Bank braucht dafür vielleicht einige Tage.`,
  }),
  "partly-refunded": ({ order, units, total, part, withEarlier }) => ({
    subject: "Du bekommst einen Teil deiner Zahlung zurück",
    text: `Bestellung ${order}\n${units}, zusammen ${total}.\n\nDu bekommst ${part} zurück${withEarlier ? `, mit früheren Erstattungen zusammen ${withEarlier}` : ""}. Deine Bestellung bleibt, wie sie ist. Deine Bank braucht vielleicht einige Tage.`,
  }),
  released: ({ order, units }) => ({
    subject: "Deine Zahlung wurde aufgehoben",
    text: `Bestellung ${order}\n${units}.\n\nDeine Bank oder der Zahlungsdienst hat deine Zahlung aufgehoben. Nichts wird abgebucht, und die Bestellung ist beendet.`,
  }),
  "charged-back": ({ order, units }) => ({
    subject: "Deine Bank hat die Zahlung zurückgeholt",
    text: `Bestellung ${order}\n${units}.\n\nDeine Bank hat deine Zahlung vom Shop zurückgeholt. Damit ist die Bestellung beendet.`,
  }),
  "handed-over": ({ order, units }) => ({
    subject: "Dein Paket ist unterwegs",
    text: `Bestellung ${order}\n${units}.\n\nDas Lager hat deine Ware verpackt und das Paket übergeben.`,
  }),
};

const ar: Texts = {
  reserved: ({ order, units, total, until }) => ({
    subject: "حُجز طلبك",
    text: `الطلب ${order}\n${units}، المجموع ${total}.\n\nطلبك محجوز لك${until ? ` حتى ${until}` : ""}. ادفع في صفحة الطلب قبل انتهاء الوقت المبيّن هناك، وإلا انتهى الطلب.`,
  }),
  confirmed: ({ order, units, total }) => ({
    subject: "تم دفع طلبك",
    text: `الطلب ${order}\n${units}، المجموع ${total}.\n\nوصلت دفعتك، وما طلبته لك.`,
  }),
  failed: ({ order, units }) => ({
    subject: "لم يكتمل طلبك",
    text: `الطلب ${order}\n${units}.\n\nلم يُدفع الطلب في الوقت المحدد أو تعذّر إكماله. لن يُخصم أي مبلغ. تُعاد أي دفعة كانت قد بدأت.`,
  }),
  cancelled: ({ order, units }) => ({
    subject: "أُلغي طلبك",
    text: `الطلب ${order}\n${units}.\n\nأُلغي الطلب ولن يُخصم أي مبلغ. تُعاد أي دفعة كانت قد بدأت.`,
  }),
  refunded: ({ order, units, total }) => ({
    subject: "تعود إليك دفعتك",
    text: `الطلب ${order}\n${units}.\n\nيعود إليك ما مجموعه ${total}. قد يحتاج مصرفك إلى بضعة أيام.`,
  }),
  "partly-refunded": ({ order, units, total, part, withEarlier }) => ({
    subject: "يعود إليك جزء من دفعتك",
    text: `الطلب ${order}\n${units}، المجموع ${total}.\n\nيعود إليك ${part}${withEarlier ? `، ليصبح المجموع مع ما أُعيد سابقًا ${withEarlier}` : ""}. يبقى طلبك كما هو. قد يحتاج مصرفك إلى بضعة أيام.`,
  }),
  released: ({ order, units }) => ({
    subject: "أُلغيت دفعتك",
    text: `الطلب ${order}\n${units}.\n\nألغى مصرفك أو مزوّد الدفع دفعتك. لن يُخصم أي مبلغ، وانتهى الطلب.`,
  }),
  "charged-back": ({ order, units }) => ({
    subject: "استرجع مصرفك دفعتك",
    text: `الطلب ${order}\n${units}.\n\nاسترجع مصرفك دفعتك من المتجر، ولذلك انتهى الطلب.`,
  }),
  "handed-over": ({ order, units }) => ({
    subject: "طردك في الطريق إليك",
    text: `الطلب ${order}\n${units}.\n\nجهّز المستودع طلبك وسلّم الطرد للشحن.`,
  }),
};

/** In place of those that speak of a payment. */
const free: Readonly<Record<MailLanguage, Partial<Texts>>> = {
  en: {
    reserved: ({ order, units, until }) => ({
      subject: "Your order is reserved",
      text: `Order ${order}\n${units}. It costs nothing.\n\nIt is held for you${until ? ` until ${until}` : ""}. Confirm it on the order's page before the time there runs out, or the order ends.`,
    }),
    confirmed: ({ order, units }) => ({
      subject: "Your order is confirmed",
      text: `Order ${order}\n${units}.\n\nWhat you ordered is yours. It costs nothing.`,
    }),
    failed: ({ order, units }) => ({
      subject: "Your order has failed",
      text: `Order ${order}\n${units}.\n\nThe order was not confirmed in time, or could not be completed. Nothing is charged.`,
    }),
    cancelled: ({ order, units }) => ({
      subject: "Your order is cancelled",
      text: `Order ${order}\n${units}.\n\nThe order is cancelled. It cost nothing, and nothing is charged.`,
    }),
    refunded: ({ order, units }) => ({
      subject: "Your order was taken back",
      text: `Order ${order}\n${units}.\n\nThe shop has taken the order back. It cost nothing, so no money goes back.`,
    }),
  },
  de: {
    reserved: ({ order, units, until }) => ({
      subject: "Deine Ware ist reserviert",
      text: `Bestellung ${order}\n${units}. Es kostet nichts.\n\nDie Ware ist für dich zurückgelegt${until ? `, bis ${until}` : ""}. Bestätige sie auf der Seite der Bestellung, bevor die Zeit dort abläuft; sonst endet die Bestellung.`,
    }),
    confirmed: ({ order, units }) => ({
      subject: "Deine Bestellung ist bestätigt",
      text: `Bestellung ${order}\n${units}.\n\nDie Ware gehört dir. Sie kostet nichts.`,
    }),
    failed: ({ order, units }) => ({
      subject: "Deine Bestellung ist gescheitert",
      text: `Bestellung ${order}\n${units}.\n\nDie Bestellung wurde nicht rechtzeitig bestätigt oder konnte nicht abgeschlossen werden. Nichts wird abgebucht.`,
    }),
    cancelled: ({ order, units }) => ({
      subject: "Deine Bestellung ist storniert",
      text: `Bestellung ${order}\n${units}.\n\nDie Bestellung ist storniert. Sie hat nichts gekostet, und nichts wird abgebucht.`,
    }),
    refunded: ({ order, units }) => ({
      subject: "Deine Bestellung wurde zurückgenommen",
      text: `Bestellung ${order}\n${units}.\n\nDer Shop hat die Bestellung zurückgenommen. Sie hat nichts gekostet, also kommt kein Geld zurück.`,
    }),
  },
  ar: {
    reserved: ({ order, units, until }) => ({
      subject: "حُجز طلبك",
      text: `الطلب ${order}\n${units}. إنه مجاني.\n\nطلبك محجوز لك${until ? ` حتى ${until}` : ""}. أكّده في صفحة الطلب قبل انتهاء الوقت المبيّن هناك، وإلا انتهى الطلب.`,
    }),
    confirmed: ({ order, units }) => ({
      subject: "تأكّد طلبك",
      text: `الطلب ${order}\n${units}.\n\nما طلبته لك، وهو مجاني.`,
    }),
    failed: ({ order, units }) => ({
      subject: "لم يكتمل طلبك",
      text: `الطلب ${order}\n${units}.\n\nلم يُؤكَّد الطلب في الوقت المحدد أو تعذّر إكماله. لن يُخصم أي مبلغ.`,
    }),
    cancelled: ({ order, units }) => ({
      subject: "أُلغي طلبك",
      text: `الطلب ${order}\n${units}.\n\nأُلغي الطلب. كان مجانيًا ولن يُخصم أي مبلغ.`,
    }),
    refunded: ({ order, units }) => ({
      subject: "استرجع المتجر طلبك",
      text: `الطلب ${order}\n${units}.\n\nاسترجع المتجر الطلب. كان مجانيًا، فلا مبلغ يُعاد.`,
    }),
  },
};

const texts: Readonly<Record<MailLanguage, Texts>> = { en, de, ar };

export function orderMailText(language: MailLanguage, kind: OrderMailKind, facts: OrderMailFacts): Text {
  const say = (facts.isFree && free[language][kind]) || texts[language][kind];
  return say(facts);
}
