/** The sentences about accounts, in English: signing in and up, and where a person is signed in. Fetched with these pages. */
export const account = {
  join: "Sign up",
  email: "E-mail address",
  yourName: "Your name",
  password: "Password",
  newPassword: "A new password, 10 characters or more",
  code: "Code from the mail",
  sendCode: "Mail me a code",
  useCode: "Use this code",
  codeSent:
    "If {email} can be used, a mail with six digits is on its way. If none comes, look among the unwanted mails.",
  loginBusy: "Many people are signing in at this moment. We try again by ourselves in a few seconds.",
  againIn: "Again in about {seconds} s",
  resetTitle: "Set a new password",
  setPassword: "Set it and sign in",
  sessionsTitle: "Where you are signed in",
  browserOn: "{browser} on {system}",
  unknownBrowser: "Another program",
  thisBrowser: "This browser",
  lastUsed: "Last used {when}",
  endSession: "Sign out there",
  sessionEnded: "{browser} is signed out.",
  outsideSignIn: "Sign in at {host}",
  way_password: "Sign in with a password",
  way_code: "Sign in with a code that comes by mail",
  way_reset: "I forgot my password: set a new one",
  way_join: "I am new here: sign up",
  demoPeople: "Demo: sign in with one click",
  demo_CUSTOMER: "{name} buys",
  demo_ADMIN: "{name} runs the shop",
  demo_WAREHOUSE: "{name} packs",

  problems: {
    bad_credentials: "Address and password do not belong together. You can ask for a code by mail instead.",
    login_busy: "Many people are signing in at this moment. Try again in a moment, or use a code by mail.",
    oidc_refused: "You are not signed in: it was cancelled, took too long, or is not allowed here. You can try again.",
    oidc_unavailable: "The other site where you sign in does not answer. Try again in a moment, or sign in here.",
    weak_password: "This password is too easy to guess. Choose a longer one.",
    account_not_found: "There is no such account.",
    session_not_found: "This session has ended already.",
    code_wrong: "This is not the code of the mail. Check the latest one.",
    code_expired: "This code is no longer valid. Ask for a new one.",
  },
} as const;

type Account = typeof account;
/** The type of these sentences in any language. */
export type AccountStrings = { readonly [Key in keyof Omit<Account, "problems">]: string } & {
  readonly problems: { readonly [Code in keyof Account["problems"]]: string };
};
