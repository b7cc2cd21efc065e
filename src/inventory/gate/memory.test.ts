import { gateContract } from "./gate.contract.ts";
import { openMemoryGate } from "./memory.ts";

gateContract("memory", async () => openMemoryGate());
