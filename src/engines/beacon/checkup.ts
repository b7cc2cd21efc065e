/** Looks the servers of drand over: asks each for the newest round, and checks its signature. */
import { systemClock } from "#platform/clock";
import { messageOf } from "#platform/thrown";
import { type Finding, fault, ok, warning } from "../finding.ts";
import { readNewest } from "./beacon.ts";
import { createDrandBeacon, type DrandSettings } from "./drand.ts";

const mend = "look at BEACON_URLS and at the way out to its servers; a line that drand orders waits until one answers";

export async function checkDrand({ urls, chain }: DrandSettings): Promise<Finding[]> {
  const asked = await Promise.all(
    urls.map(async (url) => {
      const about = `drand at ${new URL(url).host}`;
      try {
        const { round } = await readNewest(createDrandBeacon({ urls: [url], chain }), systemClock.nowMs());
        return ok(about, `has round ${round}, signed by the chain's key`);
      } catch (error) {
        return fault(about, messageOf(error), mend);
      }
    }),
  );
  const isServed = asked.some(({ status }) => status === "ok");
  return asked.map((one) => (isServed && one.status === "fault" ? warning(one.about, one.says, mend) : one));
}
