/** Changes the roles of one account, disables or enables it. */
import { Checkbox, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refused } from "../../ask.ts";
import { deskApi, type User } from "../../desk-api.ts";
import { Confirm } from "../confirm.tsx";

const says: Record<User["roles"][number], string> = {
  CUSTOMER: "Buys",
  WAREHOUSE: "Brings units in, and picks parcels",
  ADMIN: "Runs the shop: everything in this console",
};
const all = Object.keys(says) as User["roles"];

export function PersonForm({ user, onClose }: { user: User; onClose(): void }) {
  const queries = useQueryClient();
  const [roles, setRoles] = useState(user.roles);
  const [disabled, setDisabled] = useState(user.disabled);
  const [fault, setFault] = useState<string>();
  const changing = useMutation({
    mutationFn: () => changedOnce(user, { roles, disabled }),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });

  function act(): void {
    setFault(roles.length === 0 ? "Choose one role at least, or disable the account" : undefined);
    if (roles.length > 0) changing.mutate();
  }

  return (
    <Confirm title={`Change ${user.name}`} opened onClose={onClose} act="Save the change" onAct={act} acting={changing}>
      <Text className="breaks" c="dimmed">
        {user.email}
      </Text>
      <Checkbox.Group
        label="Roles"
        value={roles}
        onChange={(chosen) => setRoles(all.filter((role) => chosen.includes(role)))}
        error={fault}
      >
        <Stack gap="xs" mt="xs">
          {all.map((role) => (
            <Checkbox key={role} value={role} label={role} description={says[role]} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Checkbox
        label="Disabled"
        description="Their sessions end, and they cannot sign in"
        checked={disabled}
        onChange={({ currentTarget }) => setDisabled(currentTarget.checked)}
      />
    </Confirm>
  );
}

type Standing = Pick<User, "roles" | "disabled">;

/** If the answer to the first attempt was lost, the second one finds another version: then the account is as it was asked for. */
async function changedOnce(user: User, wanted: Standing): Promise<User> {
  try {
    return await deskApi.changeUser(user, wanted);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "version_mismatch") throw error;
    const { items } = await deskApi.users(user.email, undefined);
    const now = items.find(({ userId }) => userId === user.userId);
    if (!now || textOf(now) !== textOf(wanted)) throw error;
    return now;
  }
}

function textOf({ roles, disabled }: Standing): string {
  return `${roles.toSorted()} ${disabled}`;
}
