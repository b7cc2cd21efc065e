/** Signs in a person who runs the shop or packs: by e-mail and password, or, in the demo, by one click. */
import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Session } from "./api.ts";
import { Heading } from "./parts/page.tsx";
import { ProblemNote } from "./parts/problem.tsx";
import { useForgetAll } from "./session.ts";

const works: Readonly<Record<string, string>> = { ADMIN: "operator", WAREHOUSE: "warehouse worker" };

export function SignIn({ demoPeople, issuer }: Pick<Session, "demoPeople" | "issuer">) {
  const forgetAll = useForgetAll();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const entering = useMutation({
    mutationFn: () => api.logIn({ email: email.trim(), password }),
    onSuccess: forgetAll,
  });
  const staff = staffOf(demoPeople);

  function submit(event: FormEvent): void {
    event.preventDefault();
    entering.mutate();
  }

  return (
    <Stack maw={360} mx="auto" mt="xl">
      <Heading>Sign in</Heading>
      {entering.isError && <ProblemNote error={entering.error} />}
      <DemoStaff demoPeople={demoPeople} />
      {issuer !== null && (
        <Button
          renderRoot={(props) => (
            <a href={`/session/oidc?to=${encodeURIComponent(location.pathname + location.search)}`} {...props} />
          )}
        >
          Sign in at {issuer}
        </Button>
      )}
      {staff.length > 0 && <Text c="dimmed">Or with an account of your own:</Text>}
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={({ currentTarget }) => setEmail(currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
          />
          <Button type="submit" variant={staff.length > 0 ? "default" : "filled"} loading={entering.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </Stack>
  );
}

/** On a narrow screen the words take two lines. A label as high as its line would hide what hangs below it, as of a "g". */
const wraps = {
  root: { height: "auto", minHeight: 36, paddingBlock: 6 },
  label: { whiteSpace: "normal", overflow: "visible" },
} as const;

/** In the demo shop one click signs in a person of its staff, also in place of another person. */
export function DemoStaff({ demoPeople }: Pick<Session, "demoPeople">) {
  const forgetAll = useForgetAll();
  const entering = useMutation({ mutationFn: api.logInAsDemo, onSuccess: forgetAll });
  return (
    <>
      {entering.isError && <ProblemNote error={entering.error} />}
      {staffOf(demoPeople).map(({ person, name, role }) => (
        <Button
          key={person}
          styles={wraps}
          variant={role === "ADMIN" ? "filled" : "default"}
          onClick={() => entering.mutate(person)}
          loading={entering.isPending && entering.variables === person}
        >
          Sign in as {name}, the demo {works[role]}
        </Button>
      ))}
    </>
  );
}

function staffOf(demoPeople: Session["demoPeople"]) {
  return demoPeople.filter(({ role }) => role in works);
}
