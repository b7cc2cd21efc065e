/** Tells the refusal of one statement from the end of a session. */
import pg from "pg";

/**
 * PostgreSQL itself refused one statement and rolled it back. FATAL, PANIC and silence end a connection and can come
 * after a commit. pg passes on the severity in the server's language (`lc_messages`: `FEHLER`, `ERREUR`), so a word
 * other than ERROR tells nothing, and the SQLSTATE decides.
 */
export function isRefusal(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && (error.severity === "ERROR" || !mayEndSession.test(error.code ?? ""));
}

/** Lost connections, time limits of sessions, log-ins, lack of space or memory, shutdown, files, internal errors. */
const mayEndSession = /^(08|25P0[34]|28|3D|53|57P|58|XX|$)/;
