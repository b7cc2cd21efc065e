/** A secret that is shown once. */
import { Text } from "@mantine/core";

export function Secret({ secret, until }: { secret: string; until?: string }) {
  return (
    <div role="status">
      <Text>Give this secret to the receiver now: it is not shown again.</Text>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is selected and copied by the keyboard too. */}
      <pre className="raw" tabIndex={0}>
        {secret}
      </pre>
      {until && <Text>The old one signs too until {until}.</Text>}
    </div>
  );
}
