/** A mail before the opening, or before a draw takes no one any more, for a signed-in person whose address receives mails. */
import { useEffect, useState } from "preact/hooks";
import { api, type Drop, type Problem } from "../../lib/api.ts";
import { shopNowMs } from "../../lib/clock.ts";
import { readWordsAbout, say } from "../../lib/language.ts";
import { lastMsOf, remindLeadMs } from "../../lib/phases.ts";
import { shopper } from "../../lib/shopper.ts";
import { ProblemNotice } from "./notice.tsx";

export function Reminder({ drop }: { drop: Drop }) {
  const { dropId } = drop;
  /** Undefined: no mail can be sent to this person. */
  const [isAsked, setAsked] = useState<boolean>();
  const [problem, setProblem] = useState<Problem>();

  useEffect(() => {
    async function find(): Promise<void> {
      const person = await shopper();
      // Such an address receives nothing (RFC 2606): the demo people have one.
      if (!person || person.email.endsWith(".invalid")) return;
      const answer = await api.reminder(dropId);
      await readWordsAbout("account");
      if (answer.ok) setAsked(answer.body.asked);
    }
    void find().catch(() => {});
  }, [dropId]);

  async function change(): Promise<void> {
    const answer = await (isAsked ? api.takeReminderBack(dropId) : api.askForReminder(dropId));
    setProblem(answer.ok ? undefined : answer.problem);
    if (answer.ok) setAsked(!isAsked);
  }

  const leftMs = lastMsOf(drop) - shopNowMs();
  if (isAsked === undefined || leftMs <= 0) return null;
  const isDue = leftMs <= remindLeadMs;
  return (
    <div class="reminder">
      <p role="status">
        {isAsked && say(isDue ? "reminderDue" : drop.entry === "draw" ? "reminderOfDraw" : "reminderAsked")}
      </p>
      <button class="plain" type="button" onClick={change}>
        {say(isAsked ? "noReminder" : "remindMe")}
      </button>
      {problem && <ProblemNotice problem={problem} isNews />}
    </div>
  );
}
