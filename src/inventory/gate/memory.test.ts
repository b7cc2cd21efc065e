import { gateContract } from "./contract/gate.testing.ts";
import { openMemoryGate } from "./memory.ts";

gateContract("memory", async (clock) => openMemoryGate(clock));
