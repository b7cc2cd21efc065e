/** The mails about accounts, in plain text. */
import type { Mail } from "#engines/mail";
import { codeTtlMs, type Purpose } from "./codes.ts";

const minutes = codeTtlMs / 60_000;

const purposes: Record<Purpose, { subject: string; says: string }> = {
  sign_up: { subject: "Your code to sign up", says: "Type it on the page where you signed up, and nowhere else." },
  log_in: { subject: "Your code to sign in", says: "Type it on the page where you asked for it, and nowhere else." },
  reset: { subject: "Your code for a new password", says: "With it you set a new password. Every session ends then." },
};

export function codeMail(purpose: Purpose, codeId: string, to: string, digits: string): Mail {
  const { subject, says } = purposes[purpose];
  const text = `Your code is ${digits}\n\n${says} It is valid for ${minutes} minutes.\n\nIf you did not ask for it, do nothing.\n`;
  return { key: `code:${codeId}`, to, subject, text };
}

export function accountExistsMail(codeId: string, to: string): Mail {
  return {
    key: `code:${codeId}`,
    to,
    subject: "You have an account already",
    text:
      "Your address was given to sign up, and it has an account already. Sign in with your password, or ask for a code " +
      "on the page to sign in.\n\nIf this was not you, do nothing.\n",
  };
}
