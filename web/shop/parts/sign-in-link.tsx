/** Leads to the log-in, and back to this page. */
import { say } from "../../lib/language.ts";

export function SignInLink() {
  return (
    <p>
      <a class="button" href={signInAddress(location.pathname)}>
        {say("signIn")}
      </a>
    </p>
  );
}

/** From the first page people go on to the one of their role. */
export function signInAddress(backTo: string): string {
  return backTo === "/" ? "/login" : `/login?to=${encodeURIComponent(backTo)}`;
}
