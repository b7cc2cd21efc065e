/** Plans a drop: the answer is a draft, which sells nothing until it is scheduled. */
import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { shopNowMs } from "../../lib/clock.ts";
import { useAddOnce } from "../add-once.ts";
import { type Drop, dropApi } from "../drop-api.ts";
import { bodyOf, newPlan } from "../drop-plan.ts";
import { DropForm } from "../parts/drops/drop-form.tsx";
import { faultOfField } from "../parts/field-fault.ts";
import { PageHead } from "../parts/page.tsx";

const nothingFrozen = { opening: false, products: false };

export function NewDrop() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [plan, setPlan] = useState(() => newPlan(shopNowMs()));
  const [dropId, setDropId] = useState("");
  const addOnce = useAddOnce<Drop>();
  const making = useMutation({
    mutationFn: () => {
      const add = (id: string) => dropApi.add({ ...bodyOf(plan), dropId: id });
      return addOnce({ typedId: dropId.trim(), add, read: dropApi.one });
    },
    async onSuccess(drop) {
      queries.setQueryData(["drop", drop.dropId], drop);
      await queries.invalidateQueries({ queryKey: ["drops"] });
      await navigate({ to: "/drops/$dropId", params: { dropId: drop.dropId } });
    },
  });
  return (
    <>
      <Link to="/drops">All drops</Link>
      <PageHead title="New drop" says="It is a draft first: nothing is announced or sold until you schedule it." />
      <div className="card narrow">
        <DropForm
          plan={plan}
          onChange={setPlan}
          frozen={nothingFrozen}
          error={making.error}
          onSubmit={() => making.mutate()}
          more={
            <TextInput
              label="Id"
              description="A part of its address: small letters, digits, hyphens. Left empty, one is made"
              autoComplete="off"
              maxLength={63}
              value={dropId}
              error={faultOfField(making.error, "dropId")}
              onChange={({ currentTarget }) => setDropId(currentTarget.value)}
            />
          }
        >
          <Group>
            <Button type="submit" variant="filled" loading={making.isPending}>
              Save the draft
            </Button>
          </Group>
        </DropForm>
      </div>
    </>
  );
}
