/** Accounts and their roles, which an operator changes; and accounts that they disable. */
import { Button, Group, Table, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { deskApi, type User } from "../desk-api.ts";
import { ListFrame } from "../parts/list-frame.tsx";
import { PageHead } from "../parts/page.tsx";
import { usePagesOf } from "../parts/pages-of.ts";
import { PersonForm } from "../parts/person-form.tsx";
import { Status, sentenceOf } from "../parts/status.tsx";

const lookEveryMs = 15_000;

export function People() {
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  const [changing, setChanging] = useState<User>();
  const pages = usePagesOf(["users", q], (cursor) => deskApi.users(q, cursor), lookEveryMs);

  function submit(event: FormEvent): void {
    event.preventDefault();
    setQ(typed.trim());
  }

  return (
    <>
      <PageHead title="People" says="Accounts and their roles. A change holds in every process within a second." />
      <form onSubmit={submit}>
        <Group align="end" mb="md">
          <TextInput
            label="Part of a name or an e-mail"
            autoComplete="off"
            maxLength={200}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          />
          <Button type="submit" variant="filled">
            Search
          </Button>
        </Group>
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
                  <Button size="xs" onClick={() => setChanging(user)} aria-label={`Change ${user.name}`}>
                    Change …
                  </Button>
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
      {changing && <PersonForm key={changing.userId} user={changing} onClose={() => setChanging(undefined)} />}
    </>
  );
}
