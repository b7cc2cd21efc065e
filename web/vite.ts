/** How the pages are made of their sources, the same when they are built and while they are worked on. */
import { join } from "node:path";
import type { HtmlTagDescriptor, IndexHtmlTransformContext, InlineConfig } from "vite";

export const webFolder = import.meta.dirname;

export function viteConfig(outDir: string): InlineConfig {
  return {
    root: webFolder,
    // Nothing is read from a file that is not named here.
    configFile: false,
    envDir: false,
    publicDir: join(webFolder, "public"),
    cacheDir: join(webFolder, "../node_modules/.vite"),
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir,
      emptyOutDir: true,
      // The policy of the pages allows no script inside another file.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: "es2022",
      reportCompressedSize: false,
      rolldownOptions: { input: join(webFolder, "shop.html") },
    },
    plugins: [{ name: "first paint", transformIndexHtml: { order: "post", handler: forFirstPaint } }],
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
