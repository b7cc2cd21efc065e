/** Whether the process in this container answers at the given path: for the image and the compose files. */
const { HOST = "0.0.0.0", PORT = "8080", MANAGEMENT_PORT } = process.env;
const address = { "0.0.0.0": "127.0.0.1", "::": "::1" }[HOST] ?? HOST;
// A URL has an IPv6 address in brackets.
const host = address.includes(":") ? `[${address}]` : address;
const answer = await fetch(`http://${host}:${MANAGEMENT_PORT || PORT}${process.argv[2]}`, {
  signal: AbortSignal.timeout(3_000),
});
console.log(answer.status, await answer.text());
process.exitCode = answer.ok ? 0 : 1;
