/** The load generators with an open loop. */
import { goProgram, type Provision } from "./cache.ts";

export function provisionVegeta(): Promise<Provision> {
  return goProgram("vegeta", "github.com/tsenart/vegeta/v12", "12.12.0");
}

export function provisionK6(): Promise<Provision> {
  return goProgram("k6", "go.k6.io/k6", "1.4.0");
}
