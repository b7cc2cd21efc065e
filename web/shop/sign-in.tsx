/** `/login` and `/join`: signing in by password, by mailed code or as a demo person, and signing up. */
import type { TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Problem } from "../lib/api.ts";
import { say } from "../lib/language.ts";
import { go } from "../lib/router.ts";
import { enter, type Session, type Shopper } from "../lib/shopper.ts";
import { ProblemNotice } from "./parts/notice.tsx";

type Way = "password" | "code" | "join";

export function SignIn({ isNew }: { isNew: boolean }) {
  const [way, setWay] = useState<Way>(isNew ? "join" : "password");
  const [given, setGiven] = useState({ email: "", name: "", password: "", code: "" });
  /** Of the code that was asked for. */
  const [codeId, setCodeId] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const [isAsking, setAsking] = useState(false);
  const [demoPeople, setDemoPeople] = useState<Session["demoPeople"]>([]);
  const status = useRef<HTMLDivElement>(null);
  const title = say(way === "join" ? "join" : "signIn");

  useEffect(() => {
    document.title = `${title} · Dropgate`;
  }, [title]);
  useEffect(() => {
    void api.session().then((answer) => answer.ok && setDemoPeople(answer.body.demoPeople));
  }, []);
  useEffect(() => {
    if (problem) status.current?.focus({ preventScroll: true });
  }, [problem]);

  async function ask<Body>(asked: Promise<{ ok: true; body: Body } | { ok: false; problem: Problem }>) {
    setAsking(true);
    const answer = await asked;
    setAsking(false);
    setProblem(answer.ok ? undefined : answer.problem);
    return answer.ok ? answer.body : undefined;
  }

  async function signIn(asked: ReturnType<typeof api.logIn>): Promise<void> {
    const entered = await ask<{ account: Shopper }>(asked);
    if (!entered) return;
    enter(entered.account);
    go(wantedPage());
  }

  async function send(event: TargetedEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isAsking) return;
    const { email, name, password, code } = given;
    if (way === "password") return signIn(api.logIn({ email, password }));
    if (codeId) return signIn(way === "join" ? api.verify({ codeId, code }) : api.logIn({ email, code }));
    const asked = way === "join" ? api.signUp({ email, name, password }) : api.sendLogInCode({ email });
    setCodeId((await ask(asked))?.codeId);
  }

  function turnTo(next: Way): void {
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
        onInput={({ currentTarget }) => setGiven({ ...given, [name]: currentTarget.value })}
      />
    </label>
  );
  const action = codeId ? "useCode" : way === "code" ? "sendCode" : way === "join" ? "join" : "signIn";
  return (
    <div class="wide sign-in">
      <div class="intro">
        <h1 tabIndex={-1}>{title}</h1>
      </div>
      <form onSubmit={send}>
        <div class="status" role="status" tabIndex={-1} ref={status}>
          {problem && <ProblemNotice problem={problem} />}
          {codeId && !problem && <p class="notice">{say("codeSent", { email: given.email })}</p>}
        </div>
        {!codeId &&
          field("email", say("email"), { type: "email", autoComplete: "username", maxLength: 254, dir: "ltr" })}
        {!codeId && way === "join" && field("name", say("yourName"), { autoComplete: "name", maxLength: 200 })}
        {!codeId &&
          way !== "code" &&
          field("password", say(way === "join" ? "newPassword" : "password"), {
            type: "password",
            autoComplete: way === "join" ? "new-password" : "current-password",
            maxLength: 200,
            dir: "ltr",
          })}
        {codeId &&
          field("code", say("code"), {
            inputMode: "numeric",
            autoComplete: "one-time-code",
            pattern: "[0-9]{6}",
            maxLength: 6,
            dir: "ltr",
          })}
        <button class="big" type="submit" aria-busy={isAsking}>
          {say(isAsking ? "askingShop" : action)}
        </button>
      </form>
      <div class="ways">
        {(["password", "code", "join"] as const)
          .filter((other) => other !== way || codeId)
          .map((other) => (
            <button key={other} class="plain" type="button" onClick={() => turnTo(other)}>
              {say(`way_${other}`)}
            </button>
          ))}
      </div>
      {demoPeople.length > 0 && (
        <section aria-labelledby="demo">
          <h2 id="demo">{say("demoPeople")}</h2>
          <div class="demo-people">
            {demoPeople.map(({ person, name, role }) => (
              <button key={person} class="button" type="button" onClick={() => signIn(api.logInAsDemo({ person }))}>
                {say(`demo_${role}`, { name })}
              </button>
            ))}
          </div>
        </section>
      )}
    </div>
  );
}

/** The page that asked for the log-in, if it is one of ours. */
function wantedPage(): string {
  const to = new URLSearchParams(location.search).get("to") ?? "/me";
  return /^\/(?![/\\])/.test(to) ? to : "/me";
}
