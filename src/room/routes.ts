/** Lists the routes of lines: each with its guard, its document and its handler. */
import { Type } from "typebox";
import type { Identity } from "#identity";
import type { Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { createRoomHandlers } from "./handlers.ts";
import { roomProblems } from "./problems.ts";
import type { Room } from "./room.ts";
import { DropParams, PassBody, PassView, PlaceView, RoomState } from "./wire.ts";

export function roomRoutes(app: Http, { room, identity }: { room: Room; identity: Identity }): void {
  const customer = { onRequest: identity.guard("CUSTOMER") };
  const limited = { onRequest: identity.limitedGuard("CUSTOMER") };
  const handlers = createRoomHandlers({ room, identity });
  for (const schema of [RoomState, PlaceView, PassView]) app.addSchema(schema);

  app.get("/drops/:dropId/room", { schema: documents.getRoom }, handlers.getRoom);
  app.post("/drops/:dropId/room", { ...limited, schema: documents.joinRoom }, handlers.joinRoom);
  app.delete("/drops/:dropId/room", { ...customer, schema: documents.leaveRoom }, handlers.leaveRoom);
  app.get("/drops/:dropId/room/place", { ...customer, schema: documents.getPlace }, handlers.getPlace);
  app.post("/drops/:dropId/room/pass", { ...customer, schema: documents.takePass }, handlers.takePass);
}

const { drop_not_found, room_closed, email_not_verified, not_in_line } = roomProblems;
const { not_your_turn, nothing_free, pass_spent, product_not_in_drop } = roomProblems;
const ofOne = { tags: ["line"], params: DropParams };
const place = Type.Ref("RoomPlace");

const documents = {
  getRoom: {
    ...ofOne,
    operationId: "getRoom",
    summary: "The line of a drop; made once a second, to be asked again and again",
    response: { 200: Type.Ref("RoomState"), ...problemResponses(drop_not_found) },
  },
  joinRoom: {
    ...ofOne,
    operationId: "joinRoom",
    summary: "Gives you a place in the line, the same one however often you ask",
    response: { 200: place, ...problemResponses(drop_not_found, room_closed, email_not_verified) },
  },
  getPlace: {
    ...ofOne,
    operationId: "getPlace",
    summary: "Your place in the line",
    response: { 200: place, ...problemResponses(not_in_line) },
  },
  leaveRoom: {
    ...ofOne,
    operationId: "leaveRoom",
    summary: "Gives your place up; joining again gives you a new one at the end",
    response: { 204: Type.Null({ description: "You have no place" }), ...problemResponses(not_in_line) },
  },
  takePass: {
    ...ofOne,
    operationId: "takePass",
    summary: "A pass for one order, once your place is called; the same one in every tab, until it ends",
    body: PassBody,
    response: {
      200: Type.Ref("RoomPass"),
      ...problemResponses(
        drop_not_found,
        room_closed,
        not_in_line,
        not_your_turn,
        nothing_free,
        pass_spent,
        product_not_in_drop,
      ),
    },
  },
};
