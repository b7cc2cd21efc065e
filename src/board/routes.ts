/** Serves the live board over HTTP, once or as a stream. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import type { Identity } from "#identity";
import { openEventStream } from "#platform/event-stream";
import type { Asked, Http } from "#platform/http";
import type { Board } from "./board.ts";
import { createBoardStreams } from "./streams.ts";
import { BoardView } from "./wire.ts";

export type BoardRoutesOptions = {
  board: Board;
  identity: Identity;
  onFault(what: string, error: unknown): void;
};

export function boardRoutes(app: Http, { board, identity, onFault }: BoardRoutesOptions): void {
  const admin = { onRequest: identity.guard("ADMIN") };
  const streams = createBoardStreams(board, onFault);
  app.addHook("preClose", () => streams.stop());
  app.addSchema(BoardView);

  app.get("/admin/board", { ...admin, schema: documents.board }, () => board.read());
  app.get("/admin/board/events", { ...admin, schema: documents.events }, follow);

  async function follow({ headers }: Asked<object>, reply: FastifyReply) {
    const response = openEventStream(reply);
    if (response) streams.open(response, () => isAdmin(headers));
  }

  function isAdmin(headers: Asked<object>["headers"]): boolean {
    try {
      return identity.authenticate(headers).roles.includes("ADMIN");
    } catch {
      return false;
    }
  }
}

const tags = ["board"];

const documents = {
  board: {
    tags,
    operationId: "getBoard",
    summary: "What the shop sells at this moment: accepts, refusals, live drops, lag and mode",
    response: { 200: Type.Ref("Board") },
  },
  events: {
    tags,
    operationId: "followBoard",
    summary: "The board once a second, as server-sent events",
    description: "Each `board` event is the whole board. The stream ends with the session of its reader.",
    produces: ["text/event-stream"],
    response: {
      200: {
        description: "The stream; it ends with the session",
        content: { "text/event-stream": { schema: Type.String() } },
      },
    },
  },
};
