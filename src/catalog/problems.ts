/** Lists every reason for which the catalog refuses a request. */
import { defineProblems } from "#platform/problems";

export const catalogProblems = defineProblems({
  product_not_found: { status: 404, title: "There is no such product" },
  product_exists: { status: 409, title: "The product id is taken" },
  version_mismatch: { status: 412, title: "It has changed since you read it" },
});
