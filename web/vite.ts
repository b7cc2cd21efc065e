/** How the pages are made of their sources, the same when they are built and while they are worked on. */
import { join } from "node:path";
import type { HtmlTagDescriptor, IndexHtmlTransformContext, InlineConfig, Rolldown } from "vite";

export const webFolder = import.meta.dirname;

/** The placeholder of the nonce in console.html; src/pages/pages.ts writes a new one into every answer. */
const noncePlaceholder = "NONCE-OF-THIS-ANSWER";

/** The shop's pages, on Preact. */
export function shopConfig(outDir: string): InlineConfig {
  const config = configOf({ outDir, page: "shop.html", jsx: "preact", publicDir: join(webFolder, "public") });
  return {
    ...config,
    plugins: [...(config.plugins ?? []), { name: "plain import", enforce: "pre", load: plainImport }],
  };
}

/**
 * Vite's own loads the files that a later one imports beside it: here one, on the page of log-ins. It would weigh 640 of
 * the 25,000 bytes of the first load.
 */
function plainImport(id: string): string | null {
  return id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : null;
}

/** The operator's console, on React: a build of its own beside the shop's files. */
export function consoleConfig(outDir: string): InlineConfig {
  const config = configOf({ outDir, page: "console.html", jsx: "react", publicDir: false });
  return { ...config, html: { cspNonce: noncePlaceholder } };
}

/** The waiting page, as one file: it stands when no other file of the shop comes. */
export function waitConfig(outDir: string): InlineConfig {
  const config = configOf({ outDir, page: "wait.html", jsx: "preact", publicDir: false });
  const plugins = [{ name: "one file", enforce: "post" as const, generateBundle: intoOneFile }];
  const input = { wait: join(webFolder, "wait.html"), work: join(webFolder, "room/work.ts") };
  // Browsers since 2024 know light-dark(); written out for older ones, the page would weigh a tenth more.
  const cssTarget = ["chrome123", "firefox120", "safari17.5"];
  // The page loads work.ts by its address, so its exports stay.
  const rolldownOptions = { ...config.build?.rolldownOptions, input, preserveEntrySignatures: "strict" as const };
  return { ...config, build: { ...config.build, cssTarget, rolldownOptions }, plugins };
}

/**
 * Writes scripts and styles into their page; of the one that is loaded later the address alone. The policy of the page
 * allows them by their hashes: src/pages/wait-page.ts.
 */
function intoOneFile(_options: unknown, bundle: Rolldown.OutputBundle): void {
  for (const [name, page] of Object.entries(bundle)) {
    if (page.type !== "asset" || !name.endsWith(".html")) continue;
    let html = String(page.source);
    for (const [path, file] of Object.entries(bundle)) {
      const text = file.type === "chunk" ? file.code : String(file.source);
      const tag = path.endsWith(".js") ? "script" : "style";
      const named = new RegExp(
        `<(?:script|link)[^>]* (?:src|href)="/${path.replaceAll(".", "\\.")}"[^>]*>(?:</script>)?`,
      );
      if (file === page || !named.test(html)) continue;
      html = html.replace(named, () => `<${tag}${tag === "script" ? ' type="module"' : ""}>${text.trim()}</${tag}>`);
      delete bundle[path];
    }
    const later = Object.keys(bundle).find((path) => path.startsWith("assets/work-"));
    if (later === undefined) throw new Error("room/work.ts was not built: the waiting page names it");
    html = html.replace("ADDRESS-OF-WORK", `/${later}`);
    page.source = html.replaceAll(/>\s+</g, "><").replaceAll(" />", ">");
  }
}

type PageOptions = { outDir: string; page: string; jsx: "preact" | "react"; publicDir: string | false };

function configOf({ outDir, page, jsx, publicDir }: PageOptions): InlineConfig {
  return {
    root: webFolder,
    // Nothing is read from a file that is not named here.
    configFile: false,
    envDir: false,
    publicDir,
    cacheDir: join(webFolder, `../node_modules/.vite-${jsx}`),
    oxc: { jsx: { runtime: "automatic", importSource: jsx } },
    build: {
      outDir,
      emptyOutDir: false,
      // The policy of the pages allows no script inside another file.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: "es2022",
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(webFolder, page),
        // Mantine marks its files for servers that render React; no such server is here.
        onLog: (level, log, tell) => log.code === "MODULE_LEVEL_DIRECTIVE" || tell(level, log),
      },
    },
    plugins: [
      { name: "first paint", transformIndexHtml: { order: "post", handler: forFirstPaint } },
      { name: "no foreign address", renderChunk: withoutAddresses },
    ],
    logLevel: "warn",
  };
}

/**
 * The script sets language, direction and colours: painted before it, a page would change them before one's eyes. The font
 * is asked for beside the style that names it, not after it.
 */
function forFirstPaint(html: string, { bundle = {} }: IndexHtmlTransformContext) {
  const fonts = Object.keys(bundle).filter((name) => name.endsWith(".woff2"));
  const tags = fonts.map((name): HtmlTagDescriptor => {
    const attrs = { rel: "preload", as: "font", type: "font/woff2", crossorigin: true, href: `/${name}` };
    return { tag: "link", attrs, injectTo: "head-prepend" };
  });
  return { html: html.replace('<script type="module"', '$& blocking="render"'), tags };
}

/** React and Mantine name their own sites in messages of errors. As plain words they say the same, and nothing can follow them. */
function withoutAddresses(code: string): string {
  return code.replaceAll(/https:\/\/((?:react|mantine)\.dev)/g, "$1");
}
