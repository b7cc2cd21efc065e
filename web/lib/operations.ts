/** The requests of the pages, by the operation's name in openapi.json; a test compares the two. */
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
  getSession: ["GET", "/session"],
  logIn: ["POST", "/session"],
  sendLogInCode: ["POST", "/session/code"],
  logInAsDemo: ["POST", "/session/demo"],
  signUp: ["POST", "/accounts"],
  verifyAccount: ["POST", "/accounts/verify"],
} as const;
