/** The sentences about accounts, in German. */
import type { AccountStrings } from "./account-en.ts";

export const account: AccountStrings = {
  join: "Konto anlegen",
  email: "E-Mail-Adresse",
  yourName: "Dein Name",
  password: "Passwort",
  newPassword: "Ein neues Passwort, mindestens 10 Zeichen",
  code: "Code aus der E-Mail",
  sendCode: "Schick mir einen Code",
  useCode: "Diesen Code verwenden",
  codeSent:
    "Wenn {email} verwendet werden kann, ist eine E-Mail mit sechs Ziffern unterwegs. Kommt keine, sieh bei den unerwünschten E-Mails nach.",
  loginBusy: "Gerade melden sich viele an. Wir versuchen es in ein paar Sekunden von selbst noch einmal.",
  againIn: "In etwa {seconds} s noch einmal",
  resetTitle: "Ein neues Passwort setzen",
  setPassword: "Setzen und anmelden",
  sessionsTitle: "Wo du angemeldet bist",
  browserOn: "{browser} auf {system}",
  unknownBrowser: "Ein anderes Programm",
  thisBrowser: "Dieser Browser",
  lastUsed: "Zuletzt benutzt: {when}",
  endSession: "Dort abmelden",
  sessionEnded: "{browser} ist abgemeldet.",
  outsideSignIn: "Bei {host} anmelden",
  way_password: "Mit Passwort anmelden",
  way_code: "Mit einem Code anmelden, der per E-Mail kommt",
  way_reset: "Ich habe mein Passwort vergessen: ein neues setzen",
  way_join: "Ich bin neu hier: Konto anlegen",
  demoPeople: "Demo: mit einem Klick anmelden",
  demo_CUSTOMER: "{name} kauft",
  demo_ADMIN: "{name} leitet den Shop",
  demo_WAREHOUSE: "{name} packt",

  problems: {
    bad_credentials: "Adresse und Passwort passen nicht zusammen. Du kannst dir einen Code schicken lassen.",
    login_busy: "Gerade melden sich viele an. Versuche es gleich noch einmal, oder nimm einen Code per E-Mail.",
    oidc_refused:
      "Du bist nicht angemeldet: Es wurde abgebrochen, hat zu lange gedauert oder ist hier nicht erlaubt. Du kannst es noch einmal versuchen.",
    oidc_unavailable:
      "Die andere Seite, bei der du dich anmeldest, antwortet nicht. Versuch es gleich noch einmal, oder melde dich hier an.",
    weak_password: "Dieses Passwort ist zu leicht zu erraten. Wähle ein längeres.",
    account_not_found: "Ein solches Konto gibt es nicht.",
    session_not_found: "Diese Anmeldung ist schon zu Ende.",
    code_wrong: "Das ist nicht der Code aus der E-Mail. Sieh in der neuesten nach.",
    code_expired: "Dieser Code gilt nicht mehr. Lass dir einen neuen schicken.",
  },
};
