/** The drop that a product is sold in, as a link; nothing if it is sold outside of drops. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Drop, dropApi } from "../../drop-api.ts";

const keptMs = 30_000;

/** The latest drop that has it and was not called off. */
export function useDropOf(productId: string): Drop | undefined {
  const drops = useQuery({ queryKey: ["drops"], queryFn: dropApi.list, staleTime: keptMs });
  return drops.data?.find(
    ({ state, products }) => state === "scheduled" && products.some((product) => product.productId === productId),
  );
}

export function DropLink({ drop: { dropId, name } }: { drop: Drop }) {
  return (
    <Link to="/drops/$dropId" params={{ dropId }}>
      {name}
    </Link>
  );
}
