/** What needs an operator: records that no consumer could handle, and orders whose saga stands. */

import { DeadLetters } from "../parts/dead-letters.tsx";
import { PageHead } from "../parts/page.tsx";
import { StuckSagas } from "../parts/stuck-sagas.tsx";

export function Trouble() {
  return (
    <>
      <PageHead
        title="Trouble"
        says="Records that could not be handled, and orders that wait too long. Read again every 5 seconds."
      />
      <StuckSagas />
      <DeadLetters />
    </>
  );
}
