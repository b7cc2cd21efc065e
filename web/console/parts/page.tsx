/** The head of a page: its name, which takes the focus when the page is opened, and what it is for. */
import { Group, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";

let isFirst = true;

export function Heading({ children }: { children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${heading.current?.textContent} · Dropgate`;
    // A screen reader begins at the new page; at the first page the browser has its own beginning.
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <Title order={1} size="h2" ref={heading} tabIndex={-1} className="heading">
      {children}
    </Title>
  );
}

export function PageHead({ title, says, children }: { title: string; says: ReactNode; children?: ReactNode }) {
  return (
    <Group justify="space-between" align="end" mb="lg" gap="sm">
      <div>
        <Heading>{title}</Heading>
        <Text c="dimmed" maw={640}>
          {says}
        </Text>
      </div>
      {children}
    </Group>
  );
}
