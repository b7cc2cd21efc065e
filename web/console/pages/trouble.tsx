/** What needs an operator: orders whose saga stands, payments with news to look at, records that no consumer could handle. */

import { DeadLetters } from "../parts/dead-letters.tsx";
import { PageHead } from "../parts/page.tsx";
import { PaymentFindings } from "../parts/payment-findings.tsx";
import { StuckSagas } from "../parts/stuck-sagas.tsx";

export function Trouble() {
  return (
    <>
      <PageHead
        title="Trouble"
        says="Orders that wait too long, payments to look at, and records that could not be handled. Read again every 5 seconds."
      />
      <StuckSagas />
      <PaymentFindings />
      <DeadLetters />
    </>
  );
}
