/** Tells of a refusal where its answer was expected: the server's sentence, its name in the log, and "again". */
import { Button, Group, Text } from "@mantine/core";
import { isAnothers, isSignedOut, Refused } from "../ask.ts";
import { useAskWhoItIs } from "../session.ts";

export function ProblemNote({ error, again }: { error: Error; again?(): unknown }) {
  const askWhoItIs = useAskWhoItIs();
  if (isSignedOut(error) || isAnothers(error)) {
    return (
      <div className="problem" role="alert">
        <Text>
          {isAnothers(error)
            ? "Another person has signed in in this browser. Nothing was done."
            : "You are not signed in any more. Your session ran out, or was ended elsewhere."}
        </Text>
        <Group mt="xs">
          <Button size="xs" onClick={() => void askWhoItIs()}>
            {isAnothers(error) ? "Go on as that person" : "Sign in"}
          </Button>
        </Group>
      </div>
    );
  }
  const instance = error instanceof Refused ? error.instance : undefined;
  return (
    <div className="problem" role="alert">
      <Text>{error.message}</Text>
      {instance && (
        <Text size="xs" c="dimmed" className="breaks">
          In the log: {instance}
        </Text>
      )}
      {again && (
        <Group mt="xs">
          <Button size="xs" onClick={() => void again()}>
            Again
          </Button>
        </Group>
      )}
    </div>
  );
}
