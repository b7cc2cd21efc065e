/** The colour of a drop's phase, beside its word. */
import type { ShownPhase } from "../../lib/phases.ts";
import type { Tone } from "./notice.tsx";

const tones: Partial<Record<ShownPhase, Tone>> = { open: "now", paused: "warn", cancelled: "bad" };

export function toneOfPhase(phase: ShownPhase): Tone {
  return tones[phase] ?? "still";
}
