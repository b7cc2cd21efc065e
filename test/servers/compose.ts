/**
 * Builds the tools that `test/real/compose.real.ts` needs beside the servers: the reader of compose files, and the
 * Temporal server of Temporal's own images with its schema tool. Installed only when asked for by name.
 */
import { cpSync, existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildOnce, cacheFolder, findProgram, missing, type Provision, run } from "./cache.ts";

/** The one in Docker Compose 2.40. */
const readerVersion = "2.9.1";
/** The tag of Temporal's images in compose.yaml. */
const temporalVersion = "1.31.0";
const readerFolder = `compose-reader-${readerVersion}`;
const temporalFolder = `temporal-server-${temporalVersion}`;

export async function provisionCompose(): Promise<Provision> {
  const reader = await buildOnce(readerFolder, buildReader);
  const temporal = await buildOnce(temporalFolder, buildTemporal);
  return { built: reader || temporal, version: readerVersion, path: join(cacheFolder, readerFolder) };
}

/**
 * The services of a compose file as JSON, with everything that it extends, fills in and refers to: the output of
 * `docker compose config`, from the library that it calls. Reads `.env` beside the file; of the caller's environment
 * only PATH.
 * @throws Error with the fault in the file.
 */
export async function readComposeFile(file: string): Promise<string> {
  const program = join(cacheFolder, readerFolder, "compose-reader");
  if (!existsSync(program)) missing("compose");
  return run("env", ["-i", `PATH=${process.env.PATH}`, program, file], { timeoutMs: 30_000 });
}

/** Holds `temporal-server`, `temporal-sql-tool` and `schema`, as the images do. */
export function temporalImageFolder(tag: string): string {
  const folder = join(cacheFolder, `temporal-server-${tag}`);
  return existsSync(folder) ? folder : missing("compose");
}

async function buildReader(folder: string): Promise<void> {
  const go = goIn(folder);
  writeFileSync(join(folder, "main.go"), readerProgram);
  await go("mod", "init", "dropgate.example/reader");
  await go("get", `github.com/compose-spec/compose-go/v2@v${readerVersion}`);
  await go("build", "-ldflags=-s -w", "-o", "compose-reader", ".");
}

const readerProgram = `package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	log.SetFlags(0)
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithOsEnv, cli.WithEnvFiles(), cli.WithDotEnv)
	if err != nil {
		log.Fatal(err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(project); err != nil {
		log.Fatal(err)
	}
}
`;

async function buildTemporal(folder: string): Promise<void> {
  const go = goIn(folder);
  const module = "go.temporal.io/server";
  const programs = { server: "temporal-server", sql: "temporal-sql-tool" };
  await go(
    "install",
    "-ldflags=-s -w",
    `${module}/cmd/server@v${temporalVersion}`,
    `${module}/cmd/tools/sql@v${temporalVersion}`,
  );
  for (const [built, name] of Object.entries(programs)) renameSync(join(folder, built), join(folder, name));
  const { Dir } = JSON.parse(await go("mod", "download", "-json", `${module}@v${temporalVersion}`)) as { Dir: string };
  cpSync(join(Dir, "schema"), join(folder, "schema"), { recursive: true });
}

function goIn(cwd: string) {
  const program = findProgram("go");
  if (!program) throw new Error("no go on PATH to build with");
  const env = { GOBIN: cwd, GOFLAGS: "-mod=mod", GOWORK: "off" };
  return (...args: string[]) => run(program, args, { timeoutMs: 1_800_000, cwd, env });
}
