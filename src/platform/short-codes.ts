/**
 * Makes and reads the short code of an order, which people read out: the last 40 bits of its id as 8 characters of
 * Crockford's base 32.
 */

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const shape = /^[0-9A-HJKMNP-TV-Z]{8}$/;

export function shortCodeOf(orderId: string): string {
  const bits = BigInt(`0x${orderId.slice(-10)}`);
  const digits = Array.from({ length: 8 }, (_, i) => Number((bits >> BigInt(35 - 5 * i)) & 31n));
  return digits.map((digit) => alphabet[digit]).join("");
}

/** `M32N-NM10`, as people read it on a page or in a mail. */
export function spelledCodeOf(orderId: string): string {
  return shortCodeOf(orderId).replace(/.{4}/, "$&-");
}

/**
 * The last ten digits of the ids with this code; undefined if the text is no code. As Crockford wrote it: small letters
 * count, I and L are 1, O is 0, and hyphens mean nothing.
 */
export function endOfId(text: string): string | undefined {
  const code = text.toUpperCase().replaceAll(/[-\s]/g, "").replaceAll(/[IL]/g, "1").replaceAll("O", "0");
  if (!shape.test(code)) return undefined;
  const bits = [...code].reduce((sum, character) => (sum << 5n) | BigInt(alphabet.indexOf(character)), 0n);
  return bits.toString(16).padStart(10, "0");
}
