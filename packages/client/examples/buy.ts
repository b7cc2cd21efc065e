/**
 * Buys one unit, pays it, and follows the order to its end.
 *
 *     node examples/buy.ts http://127.0.0.1:8080 ada poster-signed
 */
import { createDropgate } from "dropgate-client";

const [baseUrl = "http://127.0.0.1:8080", user = "ada", productId = ""] = process.argv.slice(2);
// On the embedded default a name is enough. A real shop gives its customers tokens: { authorization: `Bearer ${token}` }.
const dropgate = createDropgate({ baseUrl, headers: { "X-User-Id": user } });

const { data: product } = await dropgate.api.GET("/products/{productId}", { params: { path: { productId } } });
if (!product) throw new Error(`there is no product ${productId}`);

// `expectedTotal` refuses a price that changed since it was shown.
const bought = await dropgate.buy({ productId, quantity: 1, expectedTotal: product.price });
if (!bought.ok) throw new Error(`not bought: ${bought.problem.code}`);
const { orderId } = bought.order;

for await (const { status } of dropgate.follow(orderId)) {
  console.log(status);
  if (status === "PAYMENT_PENDING") {
    const params = { path: { orderId } };
    await dropgate.api.POST("/orders/{orderId}/payment", { params, body: { cardNumber: "4242424242424242" } });
  }
}
