/** The shop that owns the engines, in tests that open an engine without a shop's books. */
import type { Shop } from "#engines/shop";

export const testShop: Shop = { id: "5b1d0e9a-0000-4000-8000-000000000001", name: "", database: "none, in a test" };
