/** Drops over HTTP: every client may read what is announced; an ADMIN makes and changes drops. */
import { Type } from "typebox";
import type { Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { identityProblems } from "#problems/identity";
import { createDropHandlers, type DropHandlersOptions } from "./handlers.ts";
import { dropProblems } from "./problems.ts";
import { reminderRoutes } from "./reminder-routes.ts";
import {
  CancelBody,
  CancellationView,
  ChangeList,
  ChangesQuery,
  CopyBody,
  DraftsQuery,
  DropBody,
  DropList,
  DropLive,
  DropParams,
  DropView,
  EndBody,
  IfMatch,
  PatchBody,
  PauseBody,
  PreflightView,
  ScheduleBody,
} from "./wire.ts";

export function dropRoutes(app: Http, options: DropHandlersOptions): void {
  const admin = options.identity.guard("ADMIN");
  const handlers = createDropHandlers(options);
  for (const schema of [DropView, DropLive]) app.addSchema(schema);

  app.get("/drops", { schema: documents.listDrops }, handlers.listDrops);
  app.get("/drops.ics", { schema: documents.getCalendar }, handlers.getCalendar);
  app.get("/drops/:dropId", { schema: documents.getDrop }, handlers.getDrop);
  app.get("/drops/:dropId/live", { schema: documents.getDropLive }, handlers.getDropLive);
  app.get("/drops/:dropId/changes", { schema: documents.listDropChanges }, handlers.listDropChanges);
  app.get("/drops/:dropId/calendar.ics", { schema: documents.getDropCalendar }, handlers.getDropCalendar);

  reminderRoutes(app, { ...options, reminders: options.drops.reminders });
  app.post("/drops", { onRequest: admin, schema: documents.addDrop }, handlers.addDrop);
  app.patch("/drops/:dropId", { onRequest: admin, schema: documents.changeDrop }, handlers.changeDrop);
  app.post("/drops/:dropId/copy", { onRequest: admin, schema: documents.copyDrop }, handlers.copyDrop);
  app.get("/drops/:dropId/preflight", { onRequest: admin, schema: documents.checkDrop }, handlers.checkDrop);
  app.get(
    "/drops/:dropId/cancellation",
    { onRequest: admin, schema: documents.checkCancellation },
    handlers.checkCancellation,
  );
  app.post("/drops/:dropId/schedule", { onRequest: admin, schema: documents.scheduleDrop }, handlers.scheduleDrop);
  app.put("/drops/:dropId/pause", { onRequest: admin, schema: documents.pauseDrop }, handlers.pauseDrop);
  app.post("/drops/:dropId/end", { onRequest: admin, schema: documents.endDrop }, handlers.endDrop);
  app.post("/drops/:dropId/cancel", { onRequest: admin, schema: documents.cancelDrop }, handlers.cancelDrop);
}

const { drop_not_found, gate_unavailable, drop_not_scheduled, drop_over, drop_exists } = dropProblems;
const { unauthenticated, forbidden } = identityProblems;
const tags = ["drops"];
const drop = Type.Ref("Drop");
const calendar = { description: "RFC 5545", content: { "text/calendar": { schema: Type.String() } } };

const documents = {
  listDrops: {
    tags,
    operationId: "listDrops",
    summary: "Announced drops, the latest openings first; an ADMIN sees drafts too",
    querystring: DraftsQuery,
    response: { 200: DropList, ...problemResponses(unauthenticated, forbidden) },
  },
  getCalendar: {
    tags,
    operationId: "getCalendar",
    summary: "The calendar of all drops that are not over",
    response: { 200: calendar },
  },
  getDrop: {
    tags,
    operationId: "getDrop",
    summary: "One drop with its phase and its units",
    params: DropParams,
    querystring: DraftsQuery,
    response: { 200: drop, ...problemResponses(drop_not_found, unauthenticated, forbidden) },
  },
  getDropLive: {
    tags,
    operationId: "getDropLive",
    summary: "Phase, units and the server's time; made once a second, to be asked again and again",
    params: DropParams,
    response: { 200: Type.Ref("DropLive"), ...problemResponses(drop_not_found) },
  },
  listDropChanges: {
    tags,
    operationId: "listDropChanges",
    summary: "What was announced and what became of it, the latest first",
    params: DropParams,
    querystring: ChangesQuery,
    response: {
      200: ChangeList,
      304: Type.Null({ description: "You hold this version" }),
      ...problemResponses(drop_not_found),
    },
  },
  getDropCalendar: {
    tags,
    operationId: "getDropCalendar",
    summary: "The drop as a calendar entry",
    params: DropParams,
    response: { 200: calendar, ...problemResponses(drop_not_found) },
  },
  addDrop: {
    tags,
    operationId: "addDrop",
    summary: "Makes a draft",
    body: DropBody,
    response: { 201: drop, ...problemResponses(drop_exists) },
  },
  changeDrop: {
    tags,
    operationId: "changeDrop",
    summary: "Changes the fields that are sent; with `If-Match`, only of a version that was read",
    params: DropParams,
    headers: IfMatch,
    body: PatchBody,
    response: {
      200: drop,
      ...problemResponses(
        drop_not_found,
        dropProblems.version_mismatch,
        dropProblems.drop_frozen,
        drop_over,
        gate_unavailable,
      ),
    },
  },
  copyDrop: {
    tags,
    operationId: "copyDrop",
    summary: "Makes a draft with the same fields, and an id of its own if none is given",
    params: DropParams,
    body: CopyBody,
    response: { 201: drop, ...problemResponses(drop_not_found, drop_exists) },
  },
  checkDrop: {
    tags,
    operationId: "checkDrop",
    summary: "What has to be right before the drop is scheduled",
    params: DropParams,
    response: { 200: PreflightView, ...problemResponses(drop_not_found) },
  },
  checkCancellation: {
    tags,
    operationId: "checkCancellation",
    summary: "The orders that a cancellation would end now, by currency",
    params: DropParams,
    response: { 200: CancellationView, ...problemResponses(drop_not_found, drop_not_scheduled) },
  },
  scheduleDrop: {
    tags,
    operationId: "scheduleDrop",
    summary: "Announces the drop; its products are sold by its terms from here on",
    params: DropParams,
    body: ScheduleBody,
    response: {
      200: drop,
      ...problemResponses(
        drop_not_found,
        dropProblems.preflight_failed,
        dropProblems.product_in_other_drop,
        dropProblems.already_scheduled,
        drop_over,
        gate_unavailable,
      ),
    },
  },
  pauseDrop: {
    tags,
    operationId: "pauseDrop",
    summary: "Pauses or resumes; once a pause is answered 200, no order is accepted in any process",
    params: DropParams,
    body: PauseBody,
    response: { 200: drop, ...problemResponses(drop_not_found, drop_not_scheduled, drop_over, gate_unavailable) },
  },
  cancelDrop: {
    tags,
    operationId: "cancelDrop",
    summary: "Closes the drop and ends its orders: open ones are cancelled, paid ones refunded",
    params: DropParams,
    body: CancelBody,
    response: { 200: drop, ...problemResponses(drop_not_found, drop_not_scheduled, gate_unavailable) },
  },
  endDrop: {
    tags,
    operationId: "endDrop",
    summary: "Closes the drop now; accepted orders continue",
    params: DropParams,
    body: EndBody,
    response: { 200: drop, ...problemResponses(drop_not_found, drop_not_scheduled, drop_over, gate_unavailable) },
  },
};
