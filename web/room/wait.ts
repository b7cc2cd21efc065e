/**
 * `/d/{drop}/wait`: the line of a drop, by itself. It asks the public state again and again, for the own place only when
 * that may have changed, and compares the two alone. It shares no code with the shop, so that it is one small file.
 */
import { type Line, type Mine, pauseMs, shownOf } from "./view.ts";
import { languages, type Words, words } from "./words.ts";

type State = Line & { name: string; now: string; root: string | null; frozenSize: number | null; every: number };

const dropId = location.pathname.split("/")[2];
const roomPath = `/drops/${dropId}/room`;
const dropPath = `/d/${dropId}`;
/** work.ts, a file of its own that is loaded when a line asks for work. web/vite.ts writes its address. */
const workFile = "ADDRESS-OF-WORK";

function kept(name: string) {
  try {
    return JSON.parse(localStorage[`dropgate:${name}`]);
  } catch {}
}
function keep(name: string, value: unknown) {
  try {
    localStorage[`dropgate:${name}`] = JSON.stringify(value);
  } catch {}
}

const page = document.documentElement;
const wanted = [kept("language"), ...navigator.languages.map((tag) => tag.slice(0, 2))];
const language = wanted.find((tag) => languages.includes(tag)) ?? "en";
const nth = languages.indexOf(language);
/** The region is the browser's, if it speaks the same language. */
const locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
page.lang = language;
page.dir = nth > 1 ? "rtl" : "ltr";
const theme = kept("theme");
if (theme && theme !== "device") page.style.colorScheme = theme;

function number(value: number) {
  return value.toLocaleString(locale);
}
function time(value: string) {
  return new Date(value).toLocaleTimeString(locale, { weekday: "short", timeZoneName: "short" });
}
function say(key: Words, a = "", b = "") {
  return (words[key].split("|")[nth] as string).replace("{a}", a).replace("{b}", b);
}

function element(tag: string, text: string, rest: object = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, rest);
}
function place(id: string) {
  return document.getElementById(id) as HTMLAnchorElement;
}
function write(id: string, text: string) {
  // A screen reader reads the text aloud whenever it is written: it is written only when it changes.
  if (place(id).textContent !== text) place(id).textContent = text;
}

let state: State | undefined;
let own: Mine | undefined;
/** Whether the shop has said which place is the person's, or that they have none. */
let isTold = false;
let heardMs = Date.now();
/** Answers of the line that did not come, since the last one that did. */
let misses = 0;
let mustSignIn = false;
let isLeaving = false;
let isAsking = false;
let fault: Words | undefined;

async function ask(path: string, method = "GET") {
  const response = await fetch(path, { method, signal: AbortSignal.timeout(12_000) });
  // A proxy or a portal that answers in the shop's place sends none: then no answer came.
  return { status: response.status, body: response.status === 204 || (await response.json()) };
}

/** A session that has run out is renewed once. */
async function askOwn(path: string, method?: string) {
  const first = await ask(path, method);
  if (first.status !== 401) return first;
  await ask("/session/refresh", "POST");
  const second = await ask(path, method);
  mustSignIn = second.status === 401;
  return second;
}

/** With its receipt, the promise that it is in the list. */
function remember(answer?: Mine) {
  own = answer;
  if (own) keep(`place:${dropId}`, own);
}

async function readOwn() {
  const known = own;
  const { status, body } = await askOwn(`${roomPath}/place`);
  // They have joined or left meanwhile: it is asked again.
  if (own !== known) return;
  isTold = status < 429;
  if (status === 200) remember(body);
  if (status === 404) remember();
}

async function act(method: string) {
  isAsking = true;
  fault = undefined;
  show();
  const { status, body } = await askOwn(roomPath, method)
    .then(async (answer) => (answer.body.challenge ? (await import(workFile)).join(roomPath, answer.body) : answer))
    .catch(() => ({ status: 500, body: {} }));
  if (status < 300) remember(method === "POST" ? body : undefined);
  else if (!mustSignIn) fault = faults[body.code] ?? "again";
  isAsking = false;
  isLeaving = false;
  show();
  place("label").focus();
}
const faults: Record<string, Words> = { email_not_verified: "verify", room_closed: "closed" };

function show() {
  const late = misses > 0 ? say("late", number(Math.ceil((Date.now() - heardMs) / 1000))) : "";
  if (!state) {
    write("label", say("line"));
    write("says", late);
    return;
  }
  const { label, big, done = -1, says, facts, act: action, mayLeave } = shownOf(state, own);
  // Every waiting page is a witness of the root that it saw before the draw: the page that checks the order reads it.
  const { root, frozenSize: size, now } = state;
  const seen = kept(`seen:${dropId}`);
  if (root && !seen) keep(`seen:${dropId}`, { root, size, seenAtMs: Date.parse(now) });
  const bad = root && seen && seen.root !== root ? "changed" : fault;
  write("name", state.name);
  write("label", say(label));
  place("fair").hidden = label === "none";
  const figure = big ? number(big) : "";
  write("big", figure);
  // As large as fits in one line.
  place("big").style.fontSize = `min(10rem,22vw,min(9in,122vw)/${figure.length})`;
  place("bar").hidden = done < 0;
  place("fill").style.width = `${done * 100}%`;
  write("says", [...says.map(([key, value]) => say(key, value && time(value))), late].join(" "));
  write("bad", bad ? say(bad) : "");
  place("facts").replaceChildren(
    ...facts.map(([key, sentence, a, b = 0]) => {
      const pair = element("div", "");
      pair.append(element("dt", say(key)), element("dd", say(sentence, number(a), number(b))));
      return pair;
    }),
  );
  document.title = `${figure && `${figure} · `}${say(label)} · ${state.name}`;
  showActs(action, mayLeave);
}

let shownActs = "";

/** Made anew only when they change: the one with the focus stays. */
function showActs(action: string | undefined, mayLeave = false) {
  const acts = [action, mayLeave, mustSignIn, isLeaving, isAsking].join();
  if (acts === shownActs) return;
  shownActs = acts;
  const link = (key: Words, href: string) => element("a", say(key), { className: "act", href });
  const button = (key: Words, onclick: () => void, className = "act") =>
    element("button", say(key), { className, onclick, disabled: isAsking });
  const leave = (value: boolean) => () => {
    isLeaving = value;
    show();
  };
  const all: HTMLElement[] = [];
  if (action === "choose") all.push(link("choose", dropPath));
  if (mustSignIn && (action === "join" || mayLeave)) all.push(link("signIn", `/login?to=${dropPath}/wait`));
  else if (action === "join") all.push(button("join", () => act("POST")));
  else if (mayLeave && isLeaving) {
    all.push(
      element("p", say("leaveSays")),
      button("leave", () => act("DELETE")),
      button("stay", leave(false), "quiet"),
    );
  } else if (mayLeave) all.push(button("leave", leave(true), "quiet"));
  place("acts").replaceChildren(...all);
}

async function listen() {
  try {
    const { status, body } = await ask(roomPath);
    if (body.code === "drop_not_found") return write("label", say("none"));
    if (status === 200) {
      const order = state?.order;
      state = body as State;
      heardMs = Date.now();
      misses = -1;
      // Until an answer tells the place: after the draw no later state of the line says that it has changed.
      isTold &&= !own || !mayHaveChanged(own, state, order);
      if (!isTold) await readOwn();
    }
  } catch {}
  // Only now: a question that is under way is no miss, and a tap meanwhile draws the page.
  misses += 1;
  show();
  const isNear = state && own?.place && own.place - state.called < (state.rate ?? 5) * 60;
  setTimeout(listen, pauseMs(state?.every, misses, document.hidden && !isNear));
}

/** A person may have signed in or out in another tab. */
// biome-ignore lint/suspicious/noGlobalAssign: a listener that is added weighs more than the page has left.
onstorage = () => {
  isTold = false;
  readOwn().then(show, show);
};

/** The place is told once; again when its number is known, when it is called, and when its offer ends. */
function mayHaveChanged({ place, called, offeredUntil, done }: Mine, line: State, order: string | null | undefined) {
  if (done) return false;
  return (
    order !== line.order || (!called && place && place <= line.called) || (offeredUntil && offeredUntil < line.now)
  );
}

place("name").href = dropPath;
place("fair").href = `${dropPath}/fair`;
write("fair", say("fair"));
listen();
