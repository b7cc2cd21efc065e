/** Lists the sessions of a person, and ends one: the next request of its browser is refused. */
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { dayAndTime } from "../../../lib/amounts.ts";
import { browserOf } from "../../../lib/browser-name.ts";
import { deskApi, type User } from "../../desk-api.ts";
import { ListFrame } from "../list-frame.tsx";
import { usePagesOf } from "../pages-of.ts";
import { ProblemNote } from "../problem.tsx";

const lookEveryMs = 5_000;

export function PersonSessions({ user: { userId } }: { user: User }) {
  const queries = useQueryClient();
  const queryKey = ["sessions", userId];
  const pages = usePagesOf(queryKey, (cursor) => deskApi.sessions(userId, cursor), lookEveryMs);
  const ending = useMutation({
    mutationFn: (sessionId: string) => deskApi.endSession(userId, sessionId),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
  return (
    <ListFrame
      pages={pages}
      empty="They are signed in nowhere. Each browser stands here from its sign-in on."
      more="Used longer ago"
    >
      {ending.isError && <ProblemNote error={ending.error} />}
      <ul className="plain">
        {pages.items.map(({ sessionId, agent, network, createdAt, seenAt, isCurrent }) => (
          <li key={sessionId}>
            <div className="mail-head">
              <strong className="breaks">{placeOf(agent)}</strong>
              {isCurrent ? (
                <span>This browser</span>
              ) : (
                <Button
                  size="xs"
                  onClick={() => ending.mutate(sessionId)}
                  loading={ending.isPending && ending.variables === sessionId}
                  aria-label={`End the session in ${placeOf(agent)} of ${dayAndTime(createdAt)}`}
                >
                  End
                </Button>
              )}
            </div>
            <div className="aside breaks">
              From {network}, since {dayAndTime(createdAt)}, last seen {dayAndTime(seenAt)}
            </div>
          </li>
        ))}
      </ul>
    </ListFrame>
  );
}

function placeOf(agent: string): string {
  const { browser, system } = browserOf(agent);
  return [browser ?? "Another program", system].filter(Boolean).join(" on ");
}
