/** The frame around every page of the console: the list of pages, the person who is signed in, and light or dark. */
import { AppShell, Burger, Button, Group, NavLink, Select, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { Link, Navigate, Outlet, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { leave } from "../lib/shopper.ts";
import { type Account, api, type Session } from "./api.ts";
import { Keys } from "./parts/keys.tsx";
import { Loading } from "./parts/loading.tsx";
import { Heading } from "./parts/page.tsx";
import { Palette } from "./parts/palette.tsx";
import { ProblemNote } from "./parts/problem.tsx";
import { useWaiting } from "./parts/waiting.ts";
import { mayPack, mayRunTheShop, useForgetAll, useHearingOtherTabs, useSession } from "./session.ts";
import { DemoStaff, SignIn } from "./sign-in.tsx";

const pages = [
  { to: "/board", label: "Board", letter: "b" },
  { to: "/drops", label: "Drops", letter: "d" },
  { to: "/products", label: "Products", letter: "p" },
  { to: "/orders", label: "Orders", letter: "o" },
  { to: "/reconcile", label: "Reconcile", letter: "r" },
  { to: "/switch", label: "Gatekeeper", letter: "k" },
  { to: "/trouble", label: "Trouble", letter: "t" },
  { to: "/webhooks", label: "Webhooks", letter: "w" },
  { to: "/mail", label: "Mail", letter: "m" },
  { to: "/people", label: "People", letter: "e" },
  { to: "/audit", label: "Audit", letter: "a" },
  { to: "/health", label: "Health", letter: "h" },
] as const;
const warehousePages = [
  { to: "/pick", label: "Pick", letter: "i" },
  { to: "/restock", label: "Restock", letter: "s" },
] as const;

const everyPage = [...pages, ...warehousePages];

function pagesOf(account: Account) {
  if (mayRunTheShop(account)) return everyPage;
  return mayPack(account) ? warehousePages : [];
}

function mayOpen(account: Account, pathname: string): boolean {
  return mayRunTheShop(account) || (mayPack(account) && warehousePages.some(({ to }) => pathname.startsWith(to)));
}

export function Shell() {
  const { pathname } = useLocation();
  /** Where the menu of a phone was opened: another address closes it. */
  const [openAt, setOpenAt] = useState<string>();
  const isOpen = openAt === pathname;
  const session = useSession();
  useHearingOtherTabs();
  const account = session.data?.account ?? undefined;
  const waiting = useWaiting(account !== undefined && mayRunTheShop(account));
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 208, breakpoint: "sm", collapsed: { mobile: !isOpen, desktop: !account } }}
      padding="lg"
    >
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <AppShell.Header className="top">
        <Group h="100%" px="lg" gap="sm" wrap="nowrap">
          {account && (
            <Burger
              opened={isOpen}
              onClick={() => setOpenAt(isOpen ? undefined : pathname)}
              hiddenFrom="sm"
              size="sm"
              aria-label="Menu"
              aria-expanded={isOpen}
            />
          )}
          <Link to="/" className="brand">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <path className="mark" d="M3 4h14a12 12 0 0 1 0 24H3z" />
              <path className="gate" d="M12 10h5v12h-5z" />
            </svg>
            Dropgate
          </Link>
          <Text c="dimmed" className="place">
            Console
          </Text>
        </Group>
      </AppShell.Header>
      {account && (
        <AppShell.Navbar p="sm" className={isOpen ? "pages" : "pages shut"} aria-label="Pages">
          {pagesOf(account).map(({ to, label }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={label}
              onClick={() => setOpenAt(undefined)}
              {...(to === "/trouble" && { rightSection: waiting })}
              active={pathname.startsWith(to)}
              {...(pathname.startsWith(to) && { "aria-current": "page" as const })}
            />
          ))}
          <Stack mt="auto" gap="sm" p="sm">
            <ThemeChoice />
            <SignedIn account={account} />
          </Stack>
        </AppShell.Navbar>
      )}
      <AppShell.Main id="main">
        {session.isPending && <Loading rows={4} />}
        {session.isError && <ProblemNote error={session.error} again={session.refetch} />}
        {session.data && !account && <SignIn {...session.data} />}
        {account && (
          // Another person begins with pages of their own.
          <PageFor
            key={account.userId}
            account={account}
            pathname={pathname}
            demoPeople={session.data?.demoPeople ?? []}
          />
        )}
      </AppShell.Main>
    </AppShell>
  );
}

type PageForProps = Pick<Session, "demoPeople"> & { account: Account; pathname: string };

function PageFor({ account, pathname, demoPeople }: PageForProps) {
  if (mayOpen(account, pathname)) return <Outlet />;
  return mayPack(account) ? <Navigate to="/pick" replace /> : <NotForThem account={account} demoPeople={demoPeople} />;
}

function ThemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Select
      label="Colours"
      size="xs"
      allowDeselect={false}
      value={colorScheme}
      onChange={(scheme) => scheme && setColorScheme(scheme as typeof colorScheme)}
      data={[
        { value: "auto", label: "As the device" },
        { value: "light", label: "Light" },
        { value: "dark", label: "Dark" },
      ]}
    />
  );
}

function SignedIn({ account }: { account: Account }) {
  const forgetAll = useForgetAll();
  return (
    <div>
      <Text fw={600}>{account.name}</Text>
      <Text c="dimmed" size="xs" mb="xs" className="breaks">
        {account.email}
      </Text>
      <Group gap={6} wrap="nowrap">
        <Button size="xs" onClick={() => api.logOut().then(leave).finally(forgetAll)}>
          Sign out
        </Button>
        {mayPack(account) && (
          <>
            <Keys places={pagesOf(account)} />
            <Palette places={pagesOf(account)} />
          </>
        )}
      </Group>
    </div>
  );
}

function NotForThem({ account, demoPeople }: Omit<PageForProps, "pathname">) {
  return (
    <Stack align="start">
      <Heading>This console is for the shop's staff</Heading>
      <Text>
        {account.name} is signed in without the role ADMIN or WAREHOUSE. Sign out, and sign in as an operator; or open{" "}
        <a href="/">the shop</a>.
      </Text>
      <DemoStaff demoPeople={demoPeople} />
    </Stack>
  );
}

export function NoSuchPage() {
  return (
    <>
      <Heading>There is no such page</Heading>
      <Text>
        The address may be mistyped. <Link to="/products">Open the products</Link>.
      </Text>
    </>
  );
}

/** Stands where a page was expected whose script failed, or whose file did not come. */
export function BrokenPage() {
  return (
    <>
      <Heading>This page cannot be shown</Heading>
      <Text mb="md">Something failed in your browser. Load the page again, or open another page.</Text>
      <Button onClick={() => location.reload()}>Load again</Button>
    </>
  );
}
