/** Looks a mail server over: connects and signs in, and sends nothing. */
import { createTransport } from "nodemailer";
import { type Finding, ok } from "../finding.ts";

const answerWithinMs = 5_000;

/** @throws if it does not answer or refuses the login, with the setting to look at. */
export async function checkSmtp(url: string): Promise<Finding[]> {
  const { host } = new URL(url);
  const times = { connectionTimeout: answerWithinMs, greetingTimeout: answerWithinMs, socketTimeout: answerWithinMs };
  const transport = createTransport({ url, ...times });
  try {
    await transport.verify().catch((cause) => {
      throw new Error(`cannot use the mail server at ${host}: check SMTP_URL, and that it runs`, { cause });
    });
    return [ok("mail server", `answers at ${host}`)];
  } finally {
    transport.close();
  }
}
