/** The picture of a product: its own, else a cover that is always the same for the same product. */
import { useState } from "preact/hooks";
import type { Product } from "../../lib/api.ts";

type Pictured = Pick<Product, "productId" | "name" | "image">;

export function Art({ product }: { product: Pictured }) {
  const [isBroken, setBroken] = useState(false);
  const { productId, name, image } = product;
  // A picture from elsewhere would tell that host who looks; the pages' policy forbids it too.
  const own = image?.startsWith("/") && !image.startsWith("//") && !isBroken ? image : undefined;
  return (
    <div class="art" style={{ viewTransitionName: `art-${productId.replaceAll(/[^\w-]/g, "_")}` }}>
      {own ? <img src={own} alt="" onError={() => setBroken(true)} /> : <Cover productId={productId} name={name} />}
    </div>
  );
}

const grounds = ["#1b2b3a", "#3a2440", "#173b34", "#4a2a1a", "#22304f", "#3b3413"];
const lights = ["#ff7a45", "#f2c14e", "#7fd1ae", "#f08a8a", "#8fb8ff", "#e9d8a6"];

function Cover({ productId, name }: Pick<Product, "productId" | "name">) {
  const seed = [...productId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const pick = (list: readonly string[], shift: number) => list[(seed >>> shift) % list.length];
  const [initial = ""] = [...name.trim()];
  return (
    <svg viewBox="0 0 400 400" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="400" height="400" fill={pick(grounds, 0)} />
      <circle
        cx={120 + (seed % 160)}
        cy={110 + ((seed >>> 5) % 90)}
        r={90 + ((seed >>> 9) % 50)}
        fill={pick(lights, 3)}
      />
      <g fill="none" stroke="#fff" stroke-opacity=".22" stroke-width="1.5">
        {[0, 1, 2, 3].map((i) => (
          <path key={i} d={`M-20 ${270 + i * 26} C 90 ${230 + i * 26}, 210 ${330 + i * 22}, 420 ${240 + i * 30}`} />
        ))}
      </g>
      <text class="initial" x="200" y="306" text-anchor="middle" fill="#fcfaf6">
        {initial.toUpperCase()}
      </text>
    </svg>
  );
}
