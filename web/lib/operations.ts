/** What the pages ask, by the operation's name in openapi.json; a test holds that it is so. */
export const operations = {
  listProducts: ["GET", "/products"],
  getProduct: ["GET", "/products/{productId}"],
  getTime: ["GET", "/time"],
  placeOrder: ["POST", "/orders"],
  listOrders: ["GET", "/orders"],
  getOrder: ["GET", "/orders/{orderId}"],
  followOrder: ["GET", "/orders/{orderId}/events"],
  cancelOrder: ["POST", "/orders/{orderId}/cancel"],
  payOrder: ["POST", "/orders/{orderId}/payment"],
} as const;
