/** What became of the last scan: in colour, with a sign, and in words. */
export type Said = { kind: "right" | "wrong"; text: string; more?: string };

export function ScanResult({ said }: { said: Said | undefined }) {
  return (
    <div role="status" className={`scan-result ${said?.kind ?? "none"}`}>
      {!said && <span>The result of each scan stands here.</span>}
      {said && (
        <>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={said.kind === "right" ? "M4 13l5 5L20 6" : "M5 5l14 14M19 5L5 19"} />
          </svg>
          <span>
            {said.text}
            {said.more && <span className="more">{said.more}</span>}
          </span>
        </>
      )}
    </div>
  );
}
