/** The units of a product as one bar, with the figures beside it: sold is solid, held is hatched, free is paper. */
import { count } from "../../../lib/amounts.ts";
import type { Stock } from "../../api.ts";

export function StockBar({ stock }: { stock: Pick<Stock, "sold" | "held" | "available"> }) {
  const { sold, held, available } = stock;
  const all = Math.max(1, sold + held + Math.max(0, available));
  const share = (units: number) => ({ inlineSize: `${(units / all) * 100}%` });
  return (
    <div>
      <div className="stock-bar" aria-hidden="true">
        <span className="sold" style={share(sold)} />
        <span className="held" style={share(held)} />
      </div>
      <dl className="figures">
        {Object.entries({ Sold: sold, Held: held, Free: available }).map(([name, units]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{count(units)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
