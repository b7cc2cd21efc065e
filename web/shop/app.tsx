/** The frame around every page, and which page an address shows. */
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { offline } from "../lib/api.ts";
import { chooseLanguage, currentLanguage, type Language, languages, readWordsAbout, say } from "../lib/language.ts";
import { onRoute, placeLeft } from "../lib/router.ts";
import { forgetShopper, isSignedIn, shopper } from "../lib/shopper.ts";
import { chooseTheme, chosenTheme, themes } from "../lib/theme.ts";
import { OrderPage } from "./order.tsx";
import { ProblemNotice } from "./parts/notice.tsx";
import { signInAddress } from "./parts/sign-in-link.tsx";
import { NotThere, ProductPage } from "./product.tsx";
import { ProductList } from "./product-list.tsx";

export function App() {
  const path = usePath();
  const [, redraw] = useState(0);
  return (
    <>
      <a class="skip" href="#main">
        {say("skip")}
      </a>
      <Header path={path} />
      <main id="main" key={path}>
        {pageAt(path)}
      </main>
      <Footer onLanguage={() => redraw((times) => times + 1)} />
    </>
  );
}

function pageAt(path: string) {
  const [, kind, encodedId = "", part] = path.split("/");
  const id = decoded(encodedId);
  if (id === undefined) return <NotThere problem={nothingHere} title={say("nowhereTitle")} />;
  if (kind === "p") return <ProductPage productId={id} />;
  if (kind === "d" && part === "fair") return <FairLater dropId={id} />;
  if (kind === "d") return <DropLater dropId={id} />;
  if (kind === "o") return <OrderPage orderId={id} />;
  if (kind === "login" || kind === "join" || kind === "reset") return <SignInLater kind={kind} />;
  if (kind === "me") return <OrdersLater />;
  return kind === "" ? <ProductList /> : <NotThere problem={nothingHere} title={say("nowhereTitle")} />;
}

/** Undefined if the address is broken, as `/p/%E0%A4%A` is. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

const nothingHere = { code: "not_found", detail: "", status: 404 };

/** Most visitors never need it, so it is a file of its own. */
const SignInLater = later(async () => {
  const [{ SignIn }] = await Promise.all([import("./sign-in.tsx"), readWordsAbout("account")]);
  return SignIn;
});
/** A file of its own, which leaves the first load as small as it is without drops. */
const DropLater = later(async () => (await import("./drop.tsx")).DropPage);

const OrdersLater = later(async () => {
  const [{ MyOrders }] = await Promise.all([import("./my-orders.tsx"), readWordsAbout("account")]);
  return MyOrders;
});

const FairLater = later(async () => {
  const [{ FairPage }] = await Promise.all([import("./fair.tsx"), readWordsAbout("fair")]);
  return FairPage;
});

function later<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  return function Later(props: Props) {
    const [Page, setPage] = useState<ComponentType<Props>>();
    const [isAway, setAway] = useState(false);
    useEffect(() => {
      load().then(
        (loaded) => setPage(() => loaded),
        () => setAway(true),
      );
    }, []);
    useEffect(() => {
      if (Page && isFocusDue) focusHeading();
    }, [Page]);
    if (isAway) return <Away />;
    return Page ? <Page {...props} /> : <p role="status">{say("loading")}</p>;
  };
}

/** The page's file did not come. A shop that was updated has files of other names, which the document names anew. */
function Away() {
  return (
    <div class="wide empty">
      <h1 tabIndex={-1}>{say("unavailable")}</h1>
      <div role="status">
        <ProblemNotice problem={offline} />
      </div>
      <p>
        <button class="button" type="button" onClick={() => location.reload()}>
          {say("tryAgain")}
        </button>
      </p>
    </div>
  );
}

/** The page that was gone to is still on its way. */
let isFocusDue = false;

function focusHeading(): void {
  const heading = document.querySelector("h1");
  isFocusDue = heading === null;
  heading?.focus({ preventScroll: true });
}

/** The new page's heading takes the focus, so that a screen reader begins there and the keyboard goes on from there. */
function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  const isFirst = useRef(true);
  useEffect(
    () =>
      onRoute((next) => {
        const show = async () => {
          setPath(next);
          await new Promise((drawn) => setTimeout(drawn));
        };
        const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        // The next page may be gone to before this one has come in: then only its movement is left out.
        if (document.startViewTransition && !isCalm) document.startViewTransition(show).ready.catch(() => {});
        else void show();
      }),
    [],
  );
  useEffect(() => {
    if (!isFirst.current) {
      scrollToPlace(placeLeft(), performance.now() + 1_000, path);
      focusHeading();
    }
    isFirst.current = false;
  }, [path]);
  return path;
}

/** A page that is gone back to may still wait for what stood at the place where it was left. */
function scrollToPlace(y: number, untilMs: number, path: string): void {
  if (location.pathname !== path) return;
  scrollTo(0, y);
  if (Math.ceil(scrollY) < y && performance.now() < untilMs) {
    requestAnimationFrame(() => scrollToPlace(y, untilMs, path));
  }
}

const signInPages = ["/login", "/join", "/reset"];

function Header({ path }: { path: string }) {
  const link = (href: string, text: string) => (
    <a href={href} aria-current={path === href ? "page" : undefined}>
      {text}
    </a>
  );
  return (
    <header class="top">
      <a class="brand" href="/" aria-label={say("home")}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path class="mark" d="M3 4h14a12 12 0 0 1 0 24H3z" />
          <path class="gate" d="M12 10h5v12h-5z" />
        </svg>
        <span>Dropgate</span>
      </a>
      <nav>
        {link("/", say("products"))}
        {link("/me", say("yourOrders"))}
        {!isSignedIn() && !signInPages.includes(path) && link(signInAddress(path), say("signIn"))}
      </nav>
    </header>
  );
}

function Footer({ onLanguage }: { onLanguage(): void }) {
  const [theme, setTheme] = useState(chosenTheme());
  return (
    <footer>
      <fieldset class="switch">
        <legend>{say("theme")}</legend>
        {themes.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="theme"
              checked={theme === one}
              onChange={() => {
                chooseTheme(one);
                setTheme(one);
              }}
            />
            <span>{say(`theme_${one}`)}</span>
          </label>
        ))}
      </fieldset>
      <label class="choice">
        <span>{say("language")}</span>
        <select
          value={currentLanguage()}
          onChange={async ({ currentTarget }) => {
            await chooseLanguage(currentTarget.value as Language);
            onLanguage();
            // The account as it is now is told of it.
            forgetShopper();
            if (isSignedIn()) await shopper().catch(() => {});
          }}
        >
          {Object.entries(languages).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <a class="fine" href="/assets/instrument-sans-license.txt" target="_blank" rel="noreferrer">
        {say("fontLicense")}
      </a>
    </footer>
  );
}
