import assert from "node:assert/strict";
import { test } from "node:test";
import { tlsAdvice } from "./tls.ts";

const settings = { host: "SHOP_HOST", port: "SHOP_PORT", tls: "SHOP_TLS", ca: "SHOP_CA_FILE" };
function fault(code: string, more: object = {}) {
  return Object.assign(new Error("as Node says it"), { code, ...more });
}

test("each way a handshake fails has its setting", () => {
  assert.match(tlsAdvice(fault("SELF_SIGNED_CERT_IN_CHAIN"), settings) ?? "", /SHOP_CA_FILE/);
  assert.match(tlsAdvice(fault("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), settings) ?? "", /SHOP_CA_FILE/);
  assert.match(tlsAdvice(fault("CERT_HAS_EXPIRED"), settings) ?? "", /not valid today.*renew/);
  assert.match(tlsAdvice(fault("ERR_SSL_WRONG_VERSION_NUMBER"), settings) ?? "", /SHOP_PORT.*SHOP_TLS/);
  const other = fault("ERR_TLS_CERT_ALTNAME_INVALID", { cert: { subjectaltname: "DNS:db.internal" } });
  assert.match(tlsAdvice(other, settings) ?? "", /DNS:db\.internal.*SHOP_HOST/);
});

test("the reason is found behind other errors, and among the errors of several addresses", () => {
  const wrapped = new Error("no connection", { cause: new Error("network", { cause: fault("CERT_HAS_EXPIRED") }) });
  assert.match(tlsAdvice(wrapped, settings) ?? "", /not valid today/);
  const tried = new AggregateError([fault("ECONNREFUSED"), fault("CERT_HAS_EXPIRED")]);
  assert.match(tlsAdvice(new Error("no connection", { cause: tried }), settings) ?? "", /not valid today/);
});

test("an error without TLS gets no advice about TLS", () => {
  assert.equal(tlsAdvice(fault("ECONNREFUSED"), settings), undefined);
  assert.equal(tlsAdvice(fault("ECONNRESET"), settings), undefined);
  assert.equal(tlsAdvice("no error at all", settings), undefined);
});
