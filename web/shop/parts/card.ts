/** A card as it is typed, and as it is sent. */
import type { PayRequest } from "#wire/payment";

export type Field = "number" | "expiry" | "code";
export type TypedCard = Readonly<Record<Field, string>>;

const expiryShape = /^(0?[1-9]|1[0-2])\s*[/.-]\s*(?:20)?(\d{2})$/;

/** Each field that the shop would refuse; it judges no check digit, the bank does. */
export function faultsOf({ number, expiry, code }: TypedCard): Field[] {
  const faults: Field[] = [];
  if (!/^\d{12,19}$/.test(digitsOf(number))) faults.push("number");
  if (expiry.trim() !== "" && !expiryShape.test(asciiOf(expiry).trim())) faults.push("expiry");
  if (code.trim() !== "" && !/^\d{3,4}$/.test(digitsOf(code))) faults.push("code");
  return faults;
}

export function cardOf({ number, expiry, code }: TypedCard): PayRequest {
  const [, month, year] = expiryShape.exec(asciiOf(expiry).trim()) ?? [];
  return {
    cardNumber: digitsOf(number),
    ...(month && year && { expMonth: Number(month), expYear: 2000 + Number(year) }),
    ...(code.trim() !== "" && { cvc: digitsOf(code) }),
  };
}

function digitsOf(text: string): string {
  return asciiOf(text).replaceAll(/[\s-]/g, "");
}

/** An Arabic keyboard types digits of its own. */
function asciiOf(text: string): string {
  return text.replaceAll(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String((digit.charCodeAt(0) & 0xf) % 10));
}
