/** The ways to sign in beside a form: at the outside issuer, and as a person of the demo. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../../lib/api.ts";
import { say } from "../../lib/language.ts";
import type { Session } from "../../lib/shopper.ts";

type Props = {
  /** The page to come back to. */
  to: string;
  onDemoPerson(person: string): void;
};

export function OtherWays({ to, onDemoPerson }: Props) {
  const [{ issuer, demoPeople }, setOffered] = useState<Pick<Session, "issuer" | "demoPeople">>(nothing);
  useEffect(() => {
    void api.session().then((answer) => answer.ok && setOffered(answer.body));
  }, []);
  return (
    <>
      {issuer && (
        <p>
          <a class="button quiet" href={`/session/oidc?to=${encodeURIComponent(to)}`} data-load>
            {say("outsideSignIn", { host: issuer })}
          </a>
        </p>
      )}
      {demoPeople.length > 0 && (
        <section aria-labelledby="demo">
          <h2 id="demo">{say("demoPeople")}</h2>
          <div class="demo-people">
            {demoPeople.map(({ person, name, role }) => (
              <button key={person} class="button quiet" type="button" onClick={() => onDemoPerson(person)}>
                {say(`demo_${role}`, { name })}
              </button>
            ))}
          </div>
        </section>
      )}
    </>
  );
}

const nothing = { issuer: null, demoPeople: [] };
