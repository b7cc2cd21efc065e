/**
 * The gate on Redis ≥ 7.0: the reducer's commands as Lua scripts, one call for all orders of a product, all products
 * of a call in one round trip. See docs/adr/0010-redis-client.md for the client and `redis-lives.ts` for what
 * keeps a Redis that lost its memory closed.
 */
import { randomUUID } from "node:crypto";
import { ErrorReply } from "@redis/client";
import type { Log } from "#platform/log";
import { type Gate, type GateRecord, GateUnavailable, type MarkAnswer, type ReservationRef } from "./gate.ts";
import {
  adoptAnswer,
  applyAnswer,
  applyArguments,
  installArguments,
  priceArguments,
  recordFrom,
  recordsFrom,
  reserveAnswers,
  reserveArguments,
  snapshotFrom,
} from "./redis-codec.ts";
import { openLink, type RedisAddress } from "./redis-connection.ts";
import { createLives, type NonceStore } from "./redis-lives.ts";
import { createCaller, type ProductCall } from "./redis-calls.ts";
