/** Chooses the account that runs the server: PostgreSQL refuses to run as root, so root runs it as another user. */
import { stat } from "node:fs/promises";

export type Account = { uid: number; gid: number };

/** The account that every Unix has and that owns nothing; initdb needs an account with a name. */
const accountWithoutRights: Account = { uid: 65534, gid: 65534 };

/**
 * The account to run PostgreSQL as; nothing if it is the account of this process.
 * @throws if the cluster exists and belongs to another user.
 */
export async function accountOf(cluster: string): Promise<Account | undefined> {
  const owner = await stat(cluster).catch(() => undefined);
  const self = process.getuid?.();
  if (self === 0) {
    if (process.platform !== "linux") throw new Error("PostgreSQL refuses to run as root: start as another user");
    return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : accountWithoutRights;
  }
  if (owner && owner.uid !== self) {
    throw new Error(
      `${cluster} belongs to user ${owner.uid}, and this is user ${self}: ` +
        `run as that user or as root, or give the folder over with chown -R ${self}`,
    );
  }
  return undefined;
}
