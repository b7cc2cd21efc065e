/** Stands where rows will stand, as high as they will be, so that nothing moves when they come. */
import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";

export function Loading({ rows }: { rows: number }) {
  return (
    <Stack gap="xs" aria-busy="true">
      <VisuallyHidden role="status">Loading</VisuallyHidden>
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((key) => (
        <Skeleton key={key} height={40} />
      ))}
    </Stack>
  );
}
