/** Lists the routes of lines: each with its guard, its document and its handler. */
import { Type } from "typebox";
import type { Identity } from "#identity";
import type { Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { FairRecordView, ShopKeyView } from "#wire/fairness";
import { createFairHandlers } from "./fair-handlers.ts";
import { createRoomHandlers } from "./handlers.ts";
import { roomProblems } from "./problems.ts";
import type { Room } from "./room.ts";
import {
  ArrivalBody,
  ArrivalView,
  Consistency,
  DropParams,
  ExchangeBody,
  JoinHeaders,
  PassBody,
  PassView,
  PlaceView,
  RoomState,
  Sizes,
} from "./wire.ts";

type RoomRoutesOptions = { room: Room; identity: Identity; now(): number };

export function roomRoutes(app: Http, { room, identity, now }: RoomRoutesOptions): void {
  const customer = { onRequest: identity.guard("CUSTOMER") };
  const limited = { onRequest: identity.limitedGuard("CUSTOMER") };
  const admin = { onRequest: identity.guard("ADMIN") };
  const handlers = createRoomHandlers({ room, identity, now });
  const fair = createFairHandlers({ room, signing: identity.signing });
  for (const schema of [RoomState, PlaceView, PassView, FairRecordView]) app.addSchema(schema);

  app.get("/drops/:dropId/room", { schema: documents.getRoom }, handlers.getRoom);
  app.post("/drops/:dropId/room", { ...limited, schema: documents.joinRoom }, handlers.joinRoom);
  app.delete("/drops/:dropId/room", { ...limited, schema: documents.leaveRoom }, handlers.leaveRoom);
  app.get("/drops/:dropId/room/place", { ...customer, schema: documents.getPlace }, handlers.getPlace);
  app.post("/drops/:dropId/room/pass", { ...limited, schema: documents.takePass }, handlers.takePass);
  app.post("/drops/:dropId/room/arrival", { ...admin, schema: documents.endRoomWait }, fair.endRoomWait);
  app.get("/drops/:dropId/fair", { schema: documents.getFairRecord }, fair.getFairRecord);
  app.get("/drops/:dropId/roster.txt", { schema: documents.getRoster }, fair.getRoster);
  app.get("/drops/:dropId/heads.txt", { schema: documents.getHeads }, fair.getHeads);
  app.get("/drops/:dropId/calls.txt", { schema: documents.getCalls }, fair.getCalls);
  app.get("/drops/:dropId/served.txt", { schema: documents.getServed }, fair.getServed);
  app.get("/drops/:dropId/consistency", { schema: documents.getConsistency }, fair.getConsistency);
  app.get("/.well-known/dropgate.json", { schema: documents.getShopKey }, fair.getShopKey);
  app.post("/drops/:dropId/room/pass/exchange", { ...limited, schema: documents.exchangePass }, handlers.exchangePass);
}

const { drop_not_found, room_closed, email_not_verified, work_required, not_in_line } = roomProblems;
const { not_your_turn, nothing_free, pass_spent, product_not_in_drop } = roomProblems;
const { pass_invalid, pass_expired, gate_unavailable } = roomProblems;
/** Why a person in the line gets no pass for a product. */
const noPass = [drop_not_found, room_closed, not_in_line, not_your_turn, nothing_free, pass_spent, product_not_in_drop];
const ofOne = { tags: ["line"], params: DropParams };
const place = Type.Ref("RoomPlace");
const { no_draw, already_drawn, draw_waits } = roomProblems;

function file(operationId: string, summary: string, line: string) {
  const text = { description: line, content: { "text/plain": { schema: Type.String() } } };
  const response = { 200: text, ...problemResponses(drop_not_found, no_draw) };
  return { ...ofOne, operationId, summary, response };
}

const documents = {
  getFairRecord: {
    ...ofOne,
    operationId: "getFairRecord",
    summary: "How the order of the line was made, signed, for outsiders to check",
    response: { 200: Type.Ref("FairRecord"), ...problemResponses(drop_not_found, no_draw) },
  },
  getRoster: file("getRoster", "The tickets of the line", "A ticket a line, in order of the numbers"),
  getHeads: file("getHeads", "Signed states of the roster, the newest first", "Size, root, time, signature"),
  getCalls: file("getCalls", "When places were called", "Time, and the place up to which people may buy"),
  getServed: file(
    "getServed",
    "Which places got a pass",
    "Place, time, what became of the pass, and the units of its order",
  ),
  getConsistency: {
    ...ofOne,
    operationId: "getConsistency",
    summary: "Proves that the first places of a longer roster are those of a shorter one",
    querystring: Sizes,
    response: { 200: Consistency, ...problemResponses(drop_not_found, no_draw) },
  },
  getShopKey: {
    tags: ["line"],
    operationId: "getShopKey",
    summary: "The key that signs receipts, heads and roots, and the beacon's chain",
    response: { 200: ShopKeyView },
  },
  endRoomWait: {
    ...ofOne,
    operationId: "endRoomWait",
    summary: "Ends the wait for a beacon that does not answer: people are served in order of arrival, and all see why",
    body: ArrivalBody,
    response: { 200: ArrivalView, ...problemResponses(drop_not_found, no_draw, already_drawn, draw_waits) },
  },
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
    headers: JoinHeaders,
    response: { 200: place, ...problemResponses(drop_not_found, room_closed, email_not_verified, work_required) },
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
      ...problemResponses(...noPass),
    },
  },
  exchangePass: {
    ...ofOne,
    operationId: "exchangePass",
    summary: "A pass for another product of the drop in place of the one you have, which makes no order any more",
    body: ExchangeBody,
    response: {
      200: Type.Ref("RoomPass"),
      ...problemResponses(...noPass, pass_invalid, pass_expired, gate_unavailable),
    },
  },
};
