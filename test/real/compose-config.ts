/** The content of the compose files after Docker Compose's own library has read, checked and resolved them. */
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readComposeFile } from "../servers/compose.ts";

export type Condition = "service_started" | "service_healthy" | "service_completed_successfully";

export type Service = {
  image: string;
  build?: { context: string };
  pull_policy?: string;
  command: string[] | null;
  entrypoint: string[] | null;
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: Condition }>;
  healthcheck?: { test: string[] };
  networks: { default: { aliases?: string[] } | null };
  container_name?: string;
  ports?: { target: number; published: string; host_ip?: string }[];
  volumes?: { type: "bind" | "volume"; source: string; target: string }[];
  scale?: number;
  restart?: string;
  stop_grace_period?: string;
};

export type Project = { services: Record<string, Service> };

export const root = join(import.meta.dirname, "../..");

/** Copies the files of the compose project, so that the `.env` beside them is the test's own. */
export function copyProject(folder: string, env: Readonly<Record<string, string>> = {}): void {
  for (const name of ["compose.yaml", "compose.split.yaml", "deploy", "Dockerfile"]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  writeFileSync(
    join(folder, ".env"),
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
}

/** @throws Error with the fault in the file. */
export async function resolveProject(folder: string, file = "compose.yaml"): Promise<Project> {
  return JSON.parse(await readComposeFile(join(folder, file))) as Project;
}
