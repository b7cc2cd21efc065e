/** One panel of a dashboard, in the few words that its JSON follows from. */
export type Panel = {
  title: string;
  says: string;
  /** By Grafana's name: `short` for counts, `s`, `reqps`, `ops`, `bytes`, `percentunit`. */
  unit: string;
  /** Legend → PromQL; a legend may name labels, as in `{{step}}`. */
  queries: Readonly<Record<string, string>>;
  /** A number in place of a graph. */
  isNumber?: true;
  /** The same, red from this value on. */
  redFrom?: number;
  /** The line that the guide or an objective draws. */
  goal?: number;
};
export type Dashboard = { uid: string; title: string; says: string; panels: readonly Panel[] };
