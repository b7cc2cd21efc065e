/** Two rounds of drand's quicknet as they were recorded. */
import recorded from "./drand-quicknet.json" with { type: "json" };

export const recordedRounds = recorded.rounds;
