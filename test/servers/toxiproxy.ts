/** Toxiproxy, for tests that make the network slow, cut or half open. Provisioned only when asked for by name. */
import { goProgram, type Provision } from "./cache.ts";

export function provisionToxiproxy(): Promise<Provision> {
  return goProgram("toxiproxy-server", "github.com/Shopify/toxiproxy/v2/cmd/server", "2.5.0");
}
