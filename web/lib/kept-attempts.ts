/**
 * Open attempts to buy, by product. They are kept in IndexedDB, whose transactions hold across tabs: what localStorage
 * says in one tab may be a moment older than what another tab has just written.
 */
export type Attempt = {
  key: string;
  quantity: number;
  expectedTotal: number;
  sinceMs: number;
  /** The account that decided it, if it was known then. */
  buyer?: string | undefined;
  /** Goes out instead of the key, where the product is sold to a line. */
  pass?: string;
};

/** If the browser keeps nothing (a private window of some), attempts live as long as the page. */
const inThisPage = new Map<string, Attempt>();

export function readAttempt(productId: string): Promise<Attempt | undefined> {
  return change(productId, (known) => known);
}

/** The attempt that `isOpen`, else the fresh one; of several tabs that ask at once, all get the same. */
export async function openOrBegin(
  productId: string,
  isOpen: (attempt: Attempt) => boolean,
  fresh: Attempt,
): Promise<Attempt> {
  return (await change(productId, (known) => (known && isOpen(known) ? known : fresh))) ?? fresh;
}

/** Another tab may have begun a later attempt: that one stays. */
export async function endAttempt(productId: string, { key }: Attempt): Promise<void> {
  await change(productId, (known) => (known?.key === key ? undefined : known));
}

type Step = (known: Attempt | undefined) => Attempt | undefined;

/** One step on one product's attempt, that no other tab's step is in between of; answers what is kept then. */
async function change(productId: string, step: Step): Promise<Attempt | undefined> {
  try {
    return await changeKept(await database(), productId, step);
  } catch {
    const next = step(inThisPage.get(productId));
    if (next) inThisPage.set(productId, next);
    else inThisPage.delete(productId);
    return next;
  }
}

function changeKept(db: IDBDatabase, productId: string, step: Step): Promise<Attempt | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Attempt | undefined>();
  const transaction = db.transaction(storeName, "readwrite");
  const store = transaction.objectStore(storeName);
  let next: Attempt | undefined;
  const reading: IDBRequest<Attempt | undefined> = store.get(productId);
  reading.onsuccess = () => {
    next = step(reading.result);
    if (next) store.put(next, productId);
    else store.delete(productId);
  };
  transaction.oncomplete = () => resolve(next);
  transaction.onabort = () => reject(transaction.error);
  return promise;
}

const storeName = "attempts";
let opening: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opening ??= openDatabase();
  return opening;
}

function openDatabase(): Promise<IDBDatabase> {
  const { promise, resolve, reject } = Promise.withResolvers<IDBDatabase>();
  const request = indexedDB.open("dropgate", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName);
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
  return promise;
}
