import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Content, html, Markup } from './markup.ts';

const STYLE = ['palette.css', 'page.css', 'flows.css', 'charts.css', 'console.css'].map(
  (name) => new Markup(readFileSync(new URL(name, import.meta.url), 'utf8')),
);

let script: Promise<Markup> | undefined;

/** The console's code for browsers, in one piece. */
function consoleScript(): Promise<Markup> {
  script ??= bundleScript();
  return script;
}

async function bundleScript(): Promise<Markup> {
  const { build } = await import('esbuild');
  const entry = fileURLToPath(new URL('browser/console.ts', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    target: 'es2022',
  });
  return new Markup((outputFiles[0]?.text ?? '').replaceAll('</', '<\\/'));
}

export interface DocumentOptions {
  readonly title: string;
  readonly content: Content;
  /** What the console shows; absent where it asks the lab for it. */
  readonly data?: object;
}

/** A page as one file that needs nothing else: nothing is loaded, so it works without a network. */
export async function renderDocument({ title, content, data }: DocumentOptions): Promise<string> {
  const carried =
    data === undefined
      ? undefined
      : new Markup(
          // Nothing in it can end the element that holds it.
          `<script type="application/json" id="console-data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`,
        );
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title}</title><style>${STYLE}</style></head><body>
<a class="skip" href="#content">To the content</a>
${content}
${carried}
<script>${await consoleScript()}</script>
</body></html>
`.text;
}

/** A part of a page with a heading of its own. */
export function card(id: string, title: string, lead: Content, content: Content): Markup {
  return html`<section class="card" id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><p class="lead">${lead}</p><div class="content">${content}</div></section>`;
}

/** Where to go on a page: ids and names of its parts. */
export function navigation(parts: Readonly<Record<string, string>>): Markup {
  const links = Object.entries(parts).map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`);
  return html`<nav aria-label="Parts of this page"><ul>${links}</ul></nav>`;
}
