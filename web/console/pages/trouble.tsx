/** What needs an operator: orders whose saga stands, payments with news to look at, records that no consumer could handle. */
import { PageHead } from "../parts/page.tsx";
import { DeadLetters } from "../parts/trouble/dead-letters.tsx";
import { PaymentFindings } from "../parts/trouble/payment-findings.tsx";
import { StuckSagas } from "../parts/trouble/stuck-sagas.tsx";

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
