/** Accounts and their roles, which an operator changes; and accounts that they disable. */
import { Button, Group, Table, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { deskApi, type User } from "../desk-api.ts";
import { sentenceOf } from "../order-words.ts";
import { SideDialog } from "../parts/dialog.tsx";
import { ListFrame } from "../parts/list-frame.tsx";
import { PageHead } from "../parts/page.tsx";
import { usePagesOf } from "../parts/pages-of.ts";
import { PersonForm } from "../parts/people/person-form.tsx";
import { PersonSessions } from "../parts/people/person-sessions.tsx";
import { Status } from "../parts/status.tsx";

const lookEveryMs = 15_000;

export function People() {
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  const [changing, setChanging] = useState<User>();
  const [signedIn, setSignedIn] = useState<User>();
  const pages = usePagesOf(["users", q], (cursor) => deskApi.users(q, cursor), lookEveryMs);

  function submit(event: FormEvent): void {
    event.preventDefault();
    setQ(typed.trim());
  }

  return (
    <>
      <PageHead title="People" says="Accounts and their roles. A change holds in every process within a second." />
      <form onSubmit={submit} className="search few">
        <TextInput
          label="Name or e-mail"
          description="A part is enough"
          autoComplete="off"
          maxLength={200}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <Button type="submit" variant="filled">
          Search
        </Button>
      </form>
      <ListFrame
        pages={pages}
        more="More"
        empty={q ? "No account is like that." : "Accounts stand here as soon as the first person signs up."}
      >
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>E-mail</Table.Th>
              <Table.Th>Roles</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Acts</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pages.items.map((user) => (
              <Table.Tr key={user.userId}>
                <Table.Th scope="row" className="breaks">
                  {user.name}
                </Table.Th>
                <Table.Td data-label="E-mail" className="breaks">
                  {user.email}
                </Table.Td>
                <Table.Td data-label="Roles">{user.roles.map(sentenceOf).join(", ")}</Table.Td>
                <Table.Td data-label="State">
                  <Status tone={user.disabled ? "bad" : "ok"}>{user.disabled ? "Disabled" : "Enabled"}</Status>
                </Table.Td>
                <Table.Td data-label="Acts">
                  <Group gap="xs" wrap="nowrap">
                    <Button size="xs" onClick={() => setChanging(user)} aria-label={`Change ${user.name}`}>
                      Change …
                    </Button>
                    <Button size="xs" onClick={() => setSignedIn(user)} aria-label={`Sessions of ${user.name}`}>
                      Sessions
                    </Button>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ListFrame>
      {q && (
        <Text mt="sm" c="dimmed">
          Only accounts with “{q}”.
        </Text>
      )}
      <SideDialog
        opened={signedIn !== undefined}
        onClose={() => setSignedIn(undefined)}
        title={signedIn ? `Sessions of ${signedIn.name}` : ""}
        isAsking={false}
      >
        {signedIn && <PersonSessions user={signedIn} />}
      </SideDialog>
      {changing && <PersonForm key={changing.userId} user={changing} onClose={() => setChanging(undefined)} />}
    </>
  );
}
