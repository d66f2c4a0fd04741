import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Debian's Chromium, without a screen. */

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

export const missingChromium = CHROMIUM === undefined ? 'Chromium is not installed' : undefined;

// As root, which containers are, Chromium runs only without its sandbox; it opens nothing but pages of our own.
export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: String(CHROMIUM), args: ['--no-sandbox'] });

export const WIDTHS = [390, 768, 1280] as const;
export const SCHEMES = ['light', 'dark'] as const;

/** What is wider than the screen: the page itself, and each element that reaches beyond it or hides some of its own content. */
export function overflows(page: Page): Promise<string[]> {
  return page.evaluate(`
    [...document.querySelectorAll('body, body *')].flatMap((element) => {
      const { right, left, width } = element.getBoundingClientRect();
      const isShown = width > 0 && !element.closest('.skip, svg');
      const isBeyond = right > innerWidth + 0.5 || left < -0.5;
      const isCutOff = element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== 'visible';
      const isField = element.matches('input, select');
      return isShown && !isField && (isBeyond || isCutOff) ? [element.tagName + '.' + element.className + '#' + element.id] : [];
    }).concat(document.documentElement.scrollWidth > innerWidth ? ['the page'] : [])`);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds, one line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  if (!(await page.evaluate(`'axe' in window`))) await page.evaluate(AXE);
  return page.evaluate(`
    axe.run().then(({ violations }) => violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target }) => id + ': ' + help + ' at ' + target.join(' '))))`);
}
