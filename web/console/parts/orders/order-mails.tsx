/** The mails about one order: what became of each, its text, and sending it again to a buyer who has lost it. */
import { Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { dayAndTime } from "../../../lib/amounts.ts";
import { deskApi, type Mail } from "../../desk-api.ts";
import { sentenceOf } from "../../order-words.ts";
import { ProblemNote } from "../problem.tsx";
import { Status, type Tone } from "../status.tsx";

const tones: Record<string, Tone> = { kept: "info", queued: "info", sent: "ok", failed: "bad" };

export function MailState({ state }: Pick<Mail, "state">) {
  return <Status tone={tones[state] ?? "still"}>{sentenceOf(state)}</Status>;
}

/** `status`: with each new one a mail may have been sent. */
export function OrderMails({ orderId, status }: { orderId: string; status: string }) {
  const queries = useQueryClient();
  const mails = useQuery({ queryKey: ["mails", orderId, status], queryFn: () => deskApi.mailsOf(orderId) });
  const resending = useMutation({
    mutationFn: deskApi.resendMail,
    onSettled: () => queries.invalidateQueries({ queryKey: ["mails"] }),
  });
  return (
    <>
      <h3>Mails</h3>
      {mails.isError && <ProblemNote error={mails.error} again={mails.refetch} />}
      {mails.data?.length === 0 && <Text mb="md">None yet. Buyers with an account get one at each step.</Text>}
      <ul className="plain">
        {mails.data?.map(({ seq, subject, to, text, state, failure, queuedAt, canBeSentAgain }) => (
          <li key={seq}>
            <div className="mail-head">
              <strong className="breaks">{subject}</strong>
              <MailState state={state} />
            </div>
            <div className="aside breaks">
              To {to}, {dayAndTime(queuedAt)}
            </div>
            {failure && <Text className="problem breaks">{failure}</Text>}
            {text && (
              <details>
                <summary>Its text</summary>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long mail is scrolled by the keyboard too. */}
                <pre className="raw" tabIndex={0} dir="auto">
                  {text}
                </pre>
              </details>
            )}
            {canBeSentAgain && (
              <Button
                size="xs"
                onClick={() => resending.mutate(seq)}
                loading={resending.isPending && resending.variables === seq}
                aria-label={`Send the mail again: ${subject}`}
              >
                Send it again
              </Button>
            )}
          </li>
        ))}
      </ul>
      {resending.isError && <ProblemNote error={resending.error} />}
    </>
  );
}
