/** The mails about accounts, in plain text, in the language of the account; before there is one, of the browser. */
import type { Mail } from "#engines/mail";
import { mailText } from "#platform/mail-text";
import { pageAddress } from "#platform/page-address";
import { type MailLanguage, readerOf } from "#platform/reader";
import type { Addressee } from "../accounts/account-rows.ts";
import { codeTtlMs, type Purpose } from "./codes.ts";

const minutes = codeTtlMs / 60_000;

type CodeReader = Pick<Addressee, "email" | "locale" | "zone">;

export function codeMail(purpose: Purpose, codeId: string, to: CodeReader, digits: string): Mail {
  const { language, count } = readerOf(to);
  const { subject, text } = codes[language](purpose, digits, count(minutes));
  return { key: `code:${codeId}`, to: to.email, subject, text };
}

export function accountExistsMail(codeId: string, to: Addressee, publicUrl: string | undefined): Mail {
  const { subject, says, otherwise } = taken[readerOf(to).language];
  const text = mailText(says, pageAddress(publicUrl, "/login"), otherwise);
  return { key: `code:${codeId}`, to: to.email, subject, text };
}

type CodeText = (purpose: Purpose, digits: string, minutes: string) => { subject: string; text: string };

const codes: Readonly<Record<MailLanguage, CodeText>> = {
  en(purpose, digits, valid) {
    const { subject, says } = {
      sign_up: { subject: "Your code to sign up", says: "Type it on the page where you signed up, and nowhere else." },
      log_in: {
        subject: "Your code to sign in",
        says: "Type it on the page where you asked for it, and nowhere else.",
      },
      reset: {
        subject: "Your code for a new password",
        says: "With it you set a new password. Every session ends then.",
      },
    }[purpose];
    return {
      subject,
      text: mailText(
        `Your code is ${digits}`,
        `${says} It is valid for ${valid} minutes.`,
        "If you did not ask for it, do nothing.",
      ),
    };
  },
  de(purpose, digits, valid) {
    const { subject, says } = {
      sign_up: {
        subject: "Dein Code für das neue Konto",
        says: "Gib ihn nur auf der Seite ein, auf der du das Konto anlegst.",
      },
      log_in: {
        subject: "Dein Code zum Anmelden",
        says: "Gib ihn nur auf der Seite ein, auf der du ihn angefordert hast.",
      },
      reset: {
        subject: "Dein Code für ein neues Passwort",
        says: "Mit ihm setzt du ein neues Passwort. Alle Anmeldungen enden dann.",
      },
    }[purpose];
    return {
      subject,
      text: mailText(
        `Dein Code ist ${digits}`,
        `${says} Der Code gilt ${valid} Minuten.`,
        "Hast du ihn nicht angefordert, musst du nichts tun.",
      ),
    };
  },
  ar(purpose, digits, valid) {
    const { subject, says } = {
      sign_up: { subject: "رمز الحساب الجديد", says: "أدخله في الصفحة التي تنشئ فيها الحساب، لا في غيرها." },
      log_in: { subject: "رمز تسجيل الدخول", says: "أدخله في الصفحة التي طلبته فيها، لا في غيرها." },
      reset: { subject: "رمز كلمة المرور الجديدة", says: "به تعيّن كلمة مرور جديدة، وعندها تنتهي كل جلساتك." },
    }[purpose];
    return {
      subject,
      text: mailText(`رمزك هو ${digits}`, `${says} الرمز صالح لمدة ${valid} دقائق.`, "إن لم تطلبه فلا تفعل شيئًا."),
    };
  },
};

const taken: Readonly<Record<MailLanguage, { subject: string; says: string; otherwise: string }>> = {
  en: {
    subject: "You have an account already",
    says:
      "Your address was given to sign up, and it has an account already. Sign in with your password, or ask for a code " +
      "on the page to sign in.",
    otherwise: "If this was not you, do nothing.",
  },
  de: {
    subject: "Du hast schon ein Konto",
    says:
      "Mit deiner Adresse sollte ein Konto angelegt werden, aber sie hat schon eines. Melde dich mit deinem Passwort an, " +
      "oder lass dir auf der Seite zum Anmelden einen Code schicken.",
    otherwise: "Warst du das nicht, musst du nichts tun.",
  },
  ar: {
    subject: "لديك حساب بالفعل",
    says:
      "طُلب إنشاء حساب بعنوان بريدك، ولهذا العنوان حساب بالفعل. سجّل الدخول بكلمة المرور، أو اطلب رمزًا في صفحة " +
      "تسجيل الدخول.",
    otherwise: "إن لم تكن أنت من طلب ذلك فلا تفعل شيئًا.",
  },
};
