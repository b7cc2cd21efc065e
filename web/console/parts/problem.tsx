/** Tells of a refusal where its answer was expected: the server's sentence, its name in the log, and "again". */
import { Button, Group, Text } from "@mantine/core";
import { Refused } from "../ask.ts";

export function ProblemNote({ error, again }: { error: Error; again?(): unknown }) {
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
