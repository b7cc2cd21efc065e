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
    mutationFn: (person: string | undefined) =>
      person ? api.logInAsDemo(person) : api.logIn({ email: email.trim(), password }),
    onSuccess: forgetAll,
  });
  const operators = demoPeople.filter(({ role }) => role in works);

  function submit(event: FormEvent): void {
    event.preventDefault();
    entering.mutate(undefined);
  }

  return (
    <Stack maw={360} mx="auto" mt="xl">
      <Heading>Sign in</Heading>
      {entering.isError && <ProblemNote error={entering.error} />}
      {operators.map(({ person, name, role }) => (
        <Button
          key={person}
          variant={role === "ADMIN" ? "filled" : "default"}
          onClick={() => entering.mutate(person)}
          loading={entering.isPending && entering.variables === person}
        >
          Sign in as {name}, the demo {works[role]}
        </Button>
      ))}
      {issuer !== null && (
        <Button component="a" href={`/session/oidc?to=${encodeURIComponent(location.pathname + location.search)}`}>
          Sign in at {issuer}
        </Button>
      )}
      {operators.length > 0 && <Text c="dimmed">Or with an account of your own:</Text>}
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
          <Button type="submit" variant={operators.length > 0 ? "default" : "filled"} loading={entering.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </Stack>
  );
}
