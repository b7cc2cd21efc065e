/** Shows on `/me` where a person is signed in: each browser, when it was last used, and a button that ends its session. */
import { useEffect, useState } from "preact/hooks";
import { dayAndTime } from "../lib/amounts.ts";
import { api, type Problem, type SessionRow } from "../lib/api.ts";
import { browserOf } from "../lib/browser-name.ts";
import { say } from "../lib/language.ts";
import { More } from "./parts/more.tsx";
import { ProblemNotice } from "./parts/notice.tsx";

export function Sessions() {
  const [sessions, setSessions] = useState<SessionRow[]>([]);
  const [ended, setEnded] = useState("");
  const [problem, setProblem] = useState<Problem>();

  const [nextCursor, setNextCursor] = useState<string | null>(null);

  async function read(cursor?: string) {
    const answer = await api.sessions(cursor);
    if (!answer.ok) {
      // Without the first page there is no list to say it above.
      if (cursor) setProblem(answer.problem);
      return;
    }
    const { items, nextCursor } = answer.body;
    setProblem(undefined);
    // One that was used meanwhile is in the list already.
    const isNew = ({ sessionId }: SessionRow) => items.every((one) => one.sessionId !== sessionId);
    setSessions((known) => [...known.filter(isNew), ...items]);
    setNextCursor(nextCursor);
  }

  useEffect(() => void read(), []);

  async function end({ sessionId, agent }: SessionRow) {
    const answer = await api.endSession(sessionId);
    // Ended elsewhere a moment ago: that is what was wanted.
    const isOver = answer.ok || answer.problem.code === "session_not_found";
    setProblem(isOver ? undefined : answer.problem);
    setEnded(isOver ? say("sessionEnded", { browser: nameOf(agent) }) : "");
    if (isOver) setSessions((known) => known.filter((one) => one.sessionId !== sessionId));
  }

  if (sessions.length === 0) return null;
  return (
    <section class="sessions" aria-labelledby="sessions">
      <h2 id="sessions">{say("sessionsTitle")}</h2>
      <div role="status">{problem ? <ProblemNotice problem={problem} /> : ended && <p class="notice">{ended}</p>}</div>
      <ul>
        {sessions.map((session) => (
          <li key={session.sessionId}>
            <span>
              <b>{nameOf(session.agent)}</b>
              <span class="fine">
                {session.isCurrent ? say("thisBrowser") : say("lastUsed", { when: dayAndTime(session.seenAt) })}
                {" · "}
                <bdi dir="ltr">{session.network}</bdi>
              </span>
            </span>
            {!session.isCurrent && (
              <button
                class="plain"
                type="button"
                aria-label={`${say("endSession")}: ${nameOf(session.agent)}`}
                onClick={() => end(session)}
              >
                {say("endSession")}
              </button>
            )}
          </li>
        ))}
      </ul>
      {nextCursor && <More words="more" links=".sessions li button" onMore={() => read(nextCursor)} />}
    </section>
  );
}

function nameOf(agent: string): string {
  const { browser, system } = browserOf(agent);
  if (browser && system) return say("browserOn", { browser, system });
  return browser ?? system ?? say("unknownBrowser");
}
