/** The headers of every page and file: how long it may be kept, and what a browser may do with it. */

export const cacheControl = {
  /** Its name changes with its bytes. */
  hashed: "public, max-age=31536000, immutable",
  page: "no-cache",
  picture: "public, max-age=3600",
  never: "no-store",
} as const;

/**
 * Scripts, styles, fonts and pictures come from this host alone, and nothing on a page is run that the host did not send.
 * If a nonce is given, the page's script may add styles that carry it.
 */
export function contentSecurityPolicy(nonce?: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    nonce === undefined ? "style-src 'self'" : `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

const securityHeaders = {
  "content-security-policy": contentSecurityPolicy(),
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

const strictTransport = { "strict-transport-security": "max-age=31536000" } as const;

/** A proxy that ends TLS in front of the shop may not say so; `publicUrl` does. */
export function securityHeadersFor(protocol: string, publicUrl?: string): Readonly<Record<string, string>> {
  const isSecure = protocol === "https" || publicUrl?.startsWith("https:");
  return isSecure ? { ...securityHeaders, ...strictTransport } : securityHeaders;
}
