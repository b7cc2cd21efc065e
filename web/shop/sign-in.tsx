/** `/login`, `/join` and `/reset`: signing in, signing up, and setting a new password. */
import type { TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count } from "../lib/amounts.ts";
import { type Answer, api, type Problem } from "../lib/api.ts";
import { tellHabits } from "../lib/habits.ts";
import { say } from "../lib/language.ts";
import { go } from "../lib/router.ts";
import { enter, type Shopper } from "../lib/shopper.ts";
import { ProblemNotice } from "./parts/notice.tsx";
import { OtherWays } from "./parts/other-ways.tsx";
import { useTitle } from "./parts/title.ts";

type Way = "password" | "code" | "join" | "reset";
type Kind = "login" | "join" | "reset";

/** A code that was asked for. */
type Sent = { way: Way; email: string; codeId: string };

export function SignIn({ kind }: { kind: Kind }) {
  const sent = useRef(sentBefore()).current;
  const [way, setWay] = useState<Way>(sent?.way ?? (kind === "login" ? "password" : kind));
  const [given, setGiven] = useState({ email: sent?.email ?? "", name: "", password: "", code: "" });
  const [codeId, setCodeId] = useState(sent?.codeId);
  const [problem, setProblem] = useState<Problem | undefined>(refusalInAddress);
  const [isAsking, setAsking] = useState(false);
  /** Seconds until the shop is asked again, while too many people sign in. */
  const [busySeconds, setBusySeconds] = useState<number>();
  const form = useRef<HTMLFormElement>(null);
  const status = useRef<HTMLDivElement>(null);
  const isFirst = useRef(true);
  /** Of the way that is shown: a way that was left has answers that are none of the next one's. */
  const turn = useRef(0);
  const title = say(way === "join" ? "join" : way === "reset" ? "resetTitle" : "signIn");

  useTitle(title);
  useEffect(() => {
    if (problem) status.current?.focus();
  }, [problem]);
  useEffect(() => {
    const asked: Sent | undefined = codeId ? { way, email: given.email, codeId } : undefined;
    history.replaceState({ ...history.state, sent: asked }, "");
    // The button that had the focus is gone: the keyboard goes on from the first field that came.
    if (!isFirst.current) form.current?.querySelector("input")?.focus();
    isFirst.current = false;
  }, [way, codeId]);

  /** If the shop is busy it is asked once more, after the time that it names. */
  async function ask<Body>(request: () => Promise<Answer<Body>>): Promise<Body | undefined> {
    const own = turn.current;
    setAsking(true);
    setProblem(undefined);
    let answer = await request();
    if (!answer.ok && answer.problem.code === "login_busy") {
      await countDown(own, answer.problem.retryAfterMs);
      if (own !== turn.current) return undefined;
      answer = await request();
    }
    if (own === turn.current) {
      setAsking(false);
      setProblem(answer.ok ? undefined : answer.problem);
    }
    return answer.ok ? answer.body : undefined;
  }

  /** Up to a quarter longer, so that the many do not all come back in one moment. */
  async function countDown(own: number, waitMs = 3_000): Promise<void> {
    for (let left = Math.ceil((waitMs / 1000) * (1 + Math.random() / 4)); left > 0; left -= 1) {
      if (own !== turn.current) return;
      setBusySeconds(left);
      await new Promise((resolve) => {
        setTimeout(resolve, 1_000);
      });
    }
    setBusySeconds(undefined);
  }

  async function signIn(request: () => Promise<Answer<{ account: Shopper }>>): Promise<void> {
    const entered = await ask(request);
    if (!entered) return;
    enter(entered.account);
    tellHabits(entered.account, true);
    // They have gone on to another page, and are signed in there.
    if (!form.current) return;
    const to = wantedPage(entered.account);
    // The console is a document of its own.
    if (/^\/console(?:[/?#]|$)/.test(to)) location.assign(to);
    else go(to);
  }

  async function send(event: TargetedEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isAsking) return;
    const { email, name, password, code } = given;
    if (way === "password") return signIn(() => api.logIn({ email, password }));
    if (codeId && way === "join") return signIn(() => api.verify({ codeId, code }));
    if (codeId && way === "reset") return signIn(() => api.resetPassword({ email, code, password }));
    if (codeId) return signIn(() => api.logIn({ email, code }));
    const own = turn.current;
    const asked = await ask(() => {
      if (way === "join") return api.signUp({ email, name, password });
      return way === "reset" ? api.forgotPassword({ email }) : api.sendLogInCode({ email });
    });
    if (!asked || own !== turn.current) return;
    // The code is of the address that was asked with: another one may be typed meanwhile.
    setGiven((known) => ({ ...known, email }));
    setCodeId(asked.codeId);
  }

  function turnTo(next: Way): void {
    turn.current += 1;
    setAsking(false);
    setBusySeconds(undefined);
    setWay(next);
    setCodeId(undefined);
    setProblem(undefined);
  }

  const field = (name: keyof typeof given, label: string, more: Record<string, string | number>) => (
    <label class="field">
      <span>{label}</span>
      <input
        {...more}
        name={name}
        required
        value={given[name]}
        // A password manager fills all fields before the page is drawn again.
        onInput={({ currentTarget: { value } }) => setGiven((known) => ({ ...known, [name]: value }))}
      />
    </label>
  );
  const secret = { type: "password", maxLength: 200, dir: "ltr" };
  return (
    <div class="wide sign-in">
      <div class="intro">
        <h1 tabIndex={-1}>{title}</h1>
      </div>
      <form ref={form} onSubmit={send}>
        <div class="status" role="status" tabIndex={-1} ref={status}>
          {problem && <ProblemNotice problem={problem} />}
          {busySeconds !== undefined && <p class="notice">{say("loginBusy")}</p>}
          {codeId && !problem && <p class="notice">{say("codeSent", { email: given.email })}</p>}
        </div>
        {!codeId &&
          field("email", say("email"), { type: "email", autoComplete: "username", maxLength: 254, dir: "ltr" })}
        {!codeId && way === "join" && field("name", say("yourName"), { autoComplete: "name", maxLength: 200 })}
        {!codeId &&
          way === "password" &&
          field("password", say("password"), { ...secret, autoComplete: "current-password" })}
        {codeId &&
          field("code", say("code"), {
            inputMode: "numeric",
            autoComplete: "one-time-code",
            pattern: "[0-9]{6}",
            maxLength: 6,
            dir: "ltr",
          })}
        {(codeId ? way === "reset" : way === "join") &&
          field("password", say("newPassword"), { ...secret, autoComplete: "new-password" })}
        <button class="big" type="submit" aria-busy={isAsking}>
          {busySeconds !== undefined
            ? say("againIn", { seconds: count(busySeconds) })
            : say(isAsking ? "askingShop" : actionOf(way, codeId !== undefined))}
        </button>
      </form>
      <div class="ways">
        {(["password", "code", "reset", "join"] as const)
          .filter((other) => other !== way || codeId)
          .map((other) => (
            <button key={other} class="plain" type="button" onClick={() => turnTo(other)}>
              {say(`way_${other}`)}
            </button>
          ))}
      </div>
      <OtherWays to={wantedPage()} onDemoPerson={(person) => signIn(() => api.logInAsDemo({ person }))} />
    </div>
  );
}

function actionOf(way: Way, hasCode: boolean) {
  if (hasCode) return way === "reset" ? "setPassword" : "useCode";
  if (way === "code" || way === "reset") return "sendCode";
  return way === "join" ? "join" : "signIn";
}

/** A phone may forget the page while its person looks for the mail: what is kept with its address outlives that. */
function sentBefore(): Sent | undefined {
  return (history.state as { sent?: Sent } | null)?.sent;
}

/** Why the outside issuer's log-in ended here. */
function refusalInAddress(): Problem | undefined {
  const code = new URLSearchParams(location.search).get("refused");
  return code === null ? undefined : { code, detail: "", status: 401 };
}

/** The page that asked for the log-in, if it is one of ours; else people begin where their work is. */
function wantedPage(who?: Pick<Shopper, "roles">): string {
  const work = who?.roles.includes("ADMIN")
    ? "/console"
    : who?.roles.includes("WAREHOUSE")
      ? "/console/pick"
      : undefined;
  const usual = work ?? "/me";
  const to = new URLSearchParams(location.search).get("to") ?? usual;
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(to) ? to : "/me";
}
