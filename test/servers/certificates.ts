/** Makes certificates for servers that speak TLS: a CA of their own, and one server certificate for `localhost`. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findProgram, run } from "./cache.ts";

export type Certificates = {
  /** Paths of PEM files. The certificate names `localhost` and no address, so 127.0.0.1 is another host to it. */
  ca: string;
  certificate: string;
  key: string;
  /** A CA that has signed nothing here. */
  otherCa: string;
};

/** Makes them the first time. @throws Error if this machine has no openssl. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const path = join(folder, "tls");
  if (!existsSync(path)) await makeAll(path);
  return {
    ca: join(path, "ca.crt"),
    certificate: join(path, "server.crt"),
    key: join(path, "server.key"),
    otherCa: join(path, "other-ca.crt"),
  };
}

async function makeAll(path: string): Promise<void> {
  const program = findProgram("openssl");
  if (!program) throw new Error("there is no openssl here to make certificates with: install the package openssl");
  const half = `${path}.new`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { mode: 0o700 });
  const make = (name: string, ...more: string[]) => {
    const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`];
    const request = ["req", "-x509", ...key, "-out", `${name}.crt`, "-days", "3650", ...more];
    return run(program, request, { timeoutMs: 30_000, cwd: half });
  };
  await make("ca", "-subj", "/CN=Dropgate test CA");
  await make("other-ca", "-subj", "/CN=Another CA");
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  await make("server", ...names, "-CA", "ca.crt", "-CAkey", "ca.key");
  renameSync(half, path);
}

/** The key and then the certificate in one text, as Kafka's key store requires. */
export function keyStoreOf({ key, certificate }: Certificates): string {
  return `${readFileSync(key, "utf8")}${readFileSync(certificate, "utf8")}`;
}
