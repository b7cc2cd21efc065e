/** Leads to the log-in, and back to this page. */
import { say } from "../../lib/language.ts";

export function SignInLink() {
  return (
    <p>
      <a class="button" href={`/login?to=${encodeURIComponent(location.pathname)}`}>
        {say("signIn")}
      </a>
    </p>
  );
}
