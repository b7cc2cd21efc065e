/** The headers of every page and file: how long it may be kept, and what a browser may do with it. */

export const cacheControl = {
  /** Its name changes with its bytes. */
  hashed: "public, max-age=31536000, immutable",
  page: "no-cache",
  picture: "public, max-age=3600",
  /** The same for all people, and shown from a cache for a day when nothing answers. */
  waiting: "public, max-age=60, stale-if-error=86400",
  never: "no-store",
} as const;

type PolicyOptions = { nonce?: string; stripe?: boolean; script?: string; style?: string };

/**
 * Scripts, styles, fonts and pictures come from this host alone, and nothing on a page is run that the host did not send.
 * Where Stripe takes the payments, its script and its field may be shown too, as Stripe's page on security asks.
 * If a nonce is given, the page's script may add styles that carry it. `script` and `style` name what stands in the page
 * itself, by its hash; then no other one is run.
 */
export function contentSecurityPolicy({ nonce, stripe, script, style }: PolicyOptions = {}): string {
  return [
    "default-src 'none'",
    `script-src ${script ?? (stripe ? "'self' https://js.stripe.com" : "'self'")}`,
    `style-src ${style ?? (nonce === undefined ? "'self'" : `'self' 'nonce-${nonce}'`)}`,
    "img-src 'self' data:",
    "font-src 'self'",
    ...(stripe
      ? ["connect-src 'self' https://api.stripe.com", "frame-src https://js.stripe.com https://hooks.stripe.com"]
      : ["connect-src 'self'"]),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

const withoutStripe = { "content-security-policy": contentSecurityPolicy() } as const;
const withStripe = { "content-security-policy": contentSecurityPolicy({ stripe: true }) } as const;

const securityHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

const strictTransport = { "strict-transport-security": "max-age=31536000" } as const;

export type PageOptions = {
  publicUrl?: string | undefined;
  /** Stripe takes the payments. */
  stripe?: boolean | undefined;
};

/** A proxy that ends TLS in front of the shop may not say so; `publicUrl` does. */
export function securityHeadersFor(
  protocol: string,
  { publicUrl, stripe }: PageOptions,
): Readonly<Record<string, string>> {
  const isSecure = protocol === "https" || publicUrl?.startsWith("https:");
  const policy = stripe ? withStripe : withoutStripe;
  return { ...policy, ...securityHeaders, ...(isSecure && strictTransport) };
}
