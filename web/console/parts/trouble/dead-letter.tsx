/** One dead letter: its value, its headers, its error, and what was done with it. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { exactTime } from "../../../lib/amounts.ts";
import { deskApi } from "../../desk-api.ts";
import { sentenceOf } from "../../order-words.ts";
import { Facts } from "../facts.tsx";
import { Loading } from "../loading.tsx";
import { ProblemNote } from "../problem.tsx";
import { ReasonedAct } from "../reasoned-act.tsx";

type DeadLetterProps = { letterId: number; isAsking: boolean; onAsk(isAsking: boolean): void };

export function DeadLetter({ letterId, isAsking, onAsk }: DeadLetterProps) {
  const queries = useQueryClient();
  const letter = useQuery({ queryKey: ["letter", letterId], queryFn: () => deskApi.letter(letterId) });
  const onSettled = () =>
    Promise.all([["letter"], ["letters"], ["waiting"]].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const replaying = useMutation({ mutationFn: () => deskApi.replay(letterId), onSettled });
  const discarding = useMutation({
    mutationFn: (reason: string) => deskApi.discard(letterId, reason),
    onSuccess: () => onAsk(false),
    onSettled,
  });
  if (letter.isPending) return <Loading rows={5} />;
  if (!letter.data) return <ProblemNote error={letter.error} again={letter.refetch} />;
  const { topic, partition, offset, error, value, encoding, headers, state, handledAt, handledBy, reason } =
    letter.data;
  return (
    <Stack>
      {letter.isError && <ProblemNote error={letter.error} again={letter.refetch} />}
      <ProblemText text={error} />
      <Facts
        facts={{
          Came: exactTime(letter.data.at),
          Topic: `${topic}, partition ${partition ?? "?"}, offset ${offset ?? "?"}`,
          Key: letter.data.key,
          State: sentenceOf(state),
          ...(handledAt && { Handled: `${exactTime(handledAt)} by ${handledBy}` }),
          ...(reason && { Reason: reason }),
        }}
      />
      <section aria-label="Value">
        <h3>Value{encoding === "base64" && ", as base64"}</h3>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long value is scrolled by the keyboard too. */}
        <pre className="raw" tabIndex={0}>
          {value || "(empty)"}
        </pre>
      </section>
      <section aria-label="Headers">
        <h3>Headers</h3>
        <Facts facts={headers} />
      </section>
      {/* If its answer alone was lost, the letter itself says what became of it. */}
      {replaying.isError && state === "waiting" && <ProblemNote error={replaying.error} />}
      {state === "waiting" && (
        <Group>
          <Button variant="filled" onClick={() => replaying.mutate()} loading={replaying.isPending}>
            Replay
          </Button>
          <Button onClick={() => onAsk(true)}>Discard …</Button>
        </Group>
      )}
      {state === "replayed" && (
        <Text role="status">It was appended to {topic} again. If it fails again, it comes back as another letter.</Text>
      )}
      <ReasonedAct
        title="Discard this letter"
        act="Discard the letter"
        opened={isAsking}
        onClose={() => onAsk(false)}
        onAct={discarding.mutate}
        isBad
        acting={discarding}
      >
        <Text>The letter needs no more work. It is kept, and no consumer gets it.</Text>
      </ReasonedAct>
    </Stack>
  );
}

function ProblemText({ text }: { text: string }) {
  return <Text className="problem breaks">{text || "No error was noted."}</Text>;
}
