/** The sentences of the pages about problems, in German. */
import type { Strings } from "./en.ts";

export const problems: Strings["problems"] = {
  offline: "Der Shop antwortet nicht. Prüf deine Verbindung; nichts von dem, was du getan hast, ist verloren.",
  validation: "Der Shop hat diese Anfrage nicht verstanden. Prüf deine Eingaben.",
  unauthenticated: "Du bist hier nicht angemeldet.",
  forbidden: "Du bist mit einem Konto angemeldet, das dies nicht darf.",
  drop_not_found: "Diesen Drop gibt es nicht mehr.",
  not_in_line: "Du hast keinen Platz in dieser Schlange. Stell dich zuerst an.",
  not_your_turn: "Du bist noch nicht dran. Es wurde nichts genommen: Die Schlange zeigt, wann.",
  gate_unavailable:
    "Deine Wahl ist noch nicht geändert: Ein Teil des Shops antwortet nicht. Versuch es gleich noch einmal.",
  nothing_free: "Davon ist gerade nichts frei. Dein Platz bleibt: Versuche es wieder, oder wähle etwas anderes.",
  pass_spent: "Du warst dran und hast bestellt.",
  pass_required: "Verkauft wird in der Reihenfolge einer Schlange. Es wurde nichts genommen.",
  pass_expired: "Die Zeit für dein Stück ist vorbei. Es wurde nichts genommen: Frage noch einmal.",
  pass_invalid: "Das gilt für jemand anderen oder für etwas anderes. Es wurde nichts genommen.",
  product_not_in_drop: "Der Drop verkauft das nicht mehr.",
  room_closed: "Die Schlange nimmt niemanden mehr auf.",
  drop_not_open: "Der Drop ist noch nicht offen. Es wurde nichts genommen.",
  drop_ended: "Der Drop ist zu Ende. Es wurde nichts genommen.",
  drop_paused: "Der Drop macht eine Pause. Es wurde nichts genommen: Versuche es gleich noch einmal.",
  other_person: "In diesem Browser ist jetzt eine andere Person angemeldet. Nichts wurde getan: Lade die Seite neu.",
  cross_site: "Der Shop konnte nicht erkennen, dass dies seine Seite ist. Lade sie neu und versuche es noch einmal.",
  product_not_found: "Dieses Produkt gibt es nicht mehr.",
  order_not_found:
    "Diese Bestellung hast du nicht. Vielleicht gehört sie jemand anderem oder zu einem anderen Konto von dir.",
  not_found: "Unter dieser Adresse gibt es nichts.",
  sold_out:
    "Alles ist vergeben. Wenn andere nicht zahlen, kommt manches zurück: Versuch es in einer Weile noch einmal.",
  too_few: "So viele sind nicht mehr da. Nimm weniger.",
  limit_per_customer: "Damit hättest du mehr, als eine Person haben darf. Es wurde nichts zurückgelegt.",
  price_changed:
    "Der Preis hat sich geändert. Es wurde nichts zurückgelegt: Sieh dir den neuen Preis an und kauf, wenn du willst.",
  price_not_available:
    "Der Bestand kann gerade nicht gezählt werden. Es wurde nichts zurückgelegt: Versuch es gleich noch einmal.",
  order_failed:
    "Die Bestellung konnte nicht aufgenommen werden. Nichts ist zurückgelegt oder abgebucht: Versuch es noch einmal.",
  outcome_pending: "Deine Bestellung ist unterwegs. Wir fragen von selbst noch einmal.",
  closed: "Der Shop nimmt gerade keine neuen Bestellungen an. Bestehende laufen weiter.",
  idempotency_mismatch: "Diese Bestellung gibt es schon, mit anderer Menge. Tipp noch einmal für eine neue.",
  already_extended: "Die Zeit wurde schon verlängert.",
  extension_not_offered: "Für diese Bestellung gibt es keine längere Zeit.",
  too_late: "Die Zeit ist um.",
  order_ended: "Die Bestellung ist zu Ende: Daran lässt sich nichts mehr ändern.",
  payment_in_progress: "Deine Bank entscheidet noch über die letzte Karte. Warte auf ihre Antwort.",
  already_paid: "Die Bestellung ist bezahlt. Es wird nichts weiter abgebucht.",
  payment_closed: "Die Bestellung ist beendet. Es wurde nichts abgebucht.",
  payment_not_ready: "Die Bestellung ist noch nicht bereit. Versuch es in einer Sekunde noch einmal.",
  card_not_taken: "Dieser Shop nimmt Karten nur über Stripe. Es wurde nichts abgebucht: Lade die Seite neu.",
  token_not_taken: "Dieser Shop nimmt keine Zahlungen über Stripe. Es wurde nichts abgebucht: Lade die Seite neu.",
  too_many_attempts: "Für diese Bestellung wurden zu viele Karten versucht. Es wurde nichts abgebucht.",
  rate_limited: "Du hast in kurzer Zeit zu oft gefragt. Es ist nichts geschehen: Warte ein wenig.",
  body_too_large: "Das war zu viel auf einmal. Es ist nichts geschehen.",
  unsupported_media_type: "Der Shop hat diese Anfrage nicht verstanden. Lade die Seite neu.",
  internal_error: "Bei uns ist etwas schiefgegangen. Versuch es gleich noch einmal.",
  unavailable: "Ein Teil des Shops antwortet gerade nicht. Versuch es gleich noch einmal.",
  overloaded: "Gerade kaufen viele. Wir fragen von selbst noch einmal.",
  service_unavailable:
    "Ein Teil des Shops ist gerade nicht erreichbar. Es ist nichts geschehen: Versuch es gleich noch einmal.",
  answer_lost: "Die Antwort ging unterwegs verloren. Wir fragen noch einmal nach derselben Bestellung.",
  answer_late: "Die Antwort dauert zu lange. Wir fragen noch einmal nach derselben Bestellung.",
};
