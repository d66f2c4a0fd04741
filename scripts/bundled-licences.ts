import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that let a bundle be passed on with their text. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'];

/** The folders of the packages that a bundle's modules come from, relative to the project. */
export function bundledPackages(inputs: readonly string[]): string[] {
  const folders = inputs.flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(folders)].toSorted();
}

/** One package, as it says itself. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

/** Reads a package's licence; throws where it has none that lets a bundle be passed on. */
export function bundledPackage(root: string, folder: string): BundledPackage {
  const path = join(root, folder);
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  if (!ALLOWED.includes(license)) {
    throw new Error(`${name} ${version}: found the licence ${license}, expected one of ${ALLOWED.join(', ')}`);
  }
  const file = readdirSync(path).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  return { name, version, licence: license, text: file ? readFileSync(join(path, file), 'utf8').trim() : '' };
}

/** What has to go with bundles: each package's licence, a text that several share once. */
export function licenceText(root: string, folders: readonly string[]): string {
  const packages = folders.map((folder) => bundledPackage(root, folder));
  const byText = Map.groupBy(packages, ({ licence, text }) => text || `(${licence}; the package holds no copy of it)`);
  return [...byText]
    .map(([text, those]) => {
      const names = those.map(({ name, version, licence }) => `${name} ${version} (${licence})`);
      return `${[...new Set(names)].join('\n')}\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
