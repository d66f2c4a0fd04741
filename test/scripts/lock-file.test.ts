import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type LockedPackages,
  missingPackages,
  platformOf,
  withMissingOptionalPackages,
  withoutGuesses,
} from '../../scripts/lock-file.ts';

const read = (file: string) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
const project = read('package.json');
const packages: LockedPackages = read('package-lock.json').packages;
const installed = Object.entries(packages).filter(([location]) => location !== '');
const optional = installed.filter(([, locked]) => locked.optional);
const nameOf = (location: string) => location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
/** All that are for one platform, and whose name says which: fsevents is for macOS alone, as the registry knows. */
const named = optional.filter(([location, { os, cpu }]) => (os || cpu) && nameOf(location) !== 'fsevents');

describe('package-lock.json', () => {
  it('has every package that one of its packages depends on, whatever the platform; else: npm run lock', () => {
    expect(missingPackages(packages)).toEqual([]);
  });

  it('would not, were one of the optional packages taken away or of another version', () => {
    expect(optional.length).toBeGreaterThan(80);
    for (const [location, locked] of optional) {
      const { [location]: _, ...without } = packages;
      expect(missingPackages(without), location).not.toEqual([]);
      const other = { ...packages, [location]: { ...locked, version: '0.0.0' } };
      expect(missingPackages(other), location).not.toEqual([]);
    }
  });

  it('names no registry: each installs from the one it has', () => {
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it('has the integrity of all but what is bundled and what no registry was there to tell it', () => {
    const unchecked = installed.filter(([, { integrity, inBundle }]) => !integrity && !inBundle);
    expect(unchecked.filter(([, locked]) => !locked.optional)).toEqual([]);
  });

  it('is that of package.json', () => {
    const { name, version, license, engines, ...described } = project;
    const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta, optionalDependencies } = described;
    expect(packages['']).toEqual({
      name,
      version,
      license,
      engines,
      dependencies,
      devDependencies,
      peerDependencies,
      peerDependenciesMeta,
      optionalDependencies,
    });
  });
});

describe('the platform of a package, by its name', () => {
  it('is what the registry says, of every one that is locked', () => {
    const parents = Object.values(packages).map((locked) => Object.keys(locked.optionalDependencies ?? {}));
    for (const [location, { os, cpu, libc }] of named) {
      const siblings = parents.find((names) => names.includes(nameOf(location))) ?? [];
      expect(platformOf(nameOf(location), siblings), location).toEqual({ os, cpu, libc });
    }
  });

  it.each([
    ['@a/cli-darwin-arm64', [], { os: ['darwin'], cpu: ['arm64'] }],
    ['a-win32-x64-msvc', [], { os: ['win32'], cpu: ['x64'] }],
    ['a-linux-x64-musl', [], { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
    ['a-linux-x64-gnu', [], { os: ['linux'], cpu: ['x64'], libc: ['glibc'] }],
    ['a-linux-x64', ['a-linux-x64-musl'], { os: ['linux'], cpu: ['x64'], libc: ['glibc'] }],
    ['a-linux-x64', ['a-linux-arm64-musl'], { os: ['linux'], cpu: ['x64'] }],
    ['fsevents', [], {}],
  ])('%s beside %j', (name, siblings, platform) => {
    expect(platformOf(name, siblings)).toEqual(platform);
  });
});

describe('a lock file made where the registry lacks packages', () => {
  const parent = { version: '1.0.0', integrity: 'sha512-a', dev: true };
  const a = { ...parent, optionalDependencies: { 'a-darwin-arm64': '1.0.0' } };
  const lacking: LockedPackages = { '': { devDependencies: { a: '1.0.0' } }, 'node_modules/a': a };
  const guess = { version: '1.0.0', dev: true, optional: true, os: ['darwin'], cpu: ['arm64'] };

  it('gets an entry without integrity', () => {
    const complete = withMissingOptionalPackages(lacking);
    expect(complete).toEqual({ ...lacking, 'node_modules/a-darwin-arm64': guess });
    expect(missingPackages(complete)).toEqual([]);
    expect(withMissingOptionalPackages(complete)).toEqual(complete);
  });

  it('gets it below the package that wants it, where another version is in the way', () => {
    const other = { ...lacking, 'node_modules/a-darwin-arm64': { ...guess, version: '2.0.0' } };
    const complete = withMissingOptionalPackages(other);
    expect(complete).toEqual({ ...other, 'node_modules/a/node_modules/a-darwin-arm64': guess });
    expect(missingPackages(complete)).toEqual([]);
  });

  it('loses it again before the registry is asked anew', () => {
    const checked = { ...guess, integrity: 'sha512-b' };
    const complete = { ...withMissingOptionalPackages(lacking), 'node_modules/b': checked };
    expect(withoutGuesses(complete)).toEqual({ ...lacking, 'node_modules/b': checked });
  });

  it.each([
    ['a package that is not optional', { dependencies: { b: '1.0.0' } }, /b@1\.0\.0 of node_modules\/a is missing/],
    ['a range', { optionalDependencies: { b: '^1.0.0' } }, /expected an exact one/],
  ])('fails for %s', (_, wants, message) => {
    expect(() => withMissingOptionalPackages({ ...lacking, 'node_modules/a': { ...parent, ...wants } })).toThrow(
      message,
    );
  });

  it('has every platform of the real one back', () => {
    const gone = new Set(named.map(([location]) => location));
    const rest = Object.fromEntries(Object.entries(packages).filter(([location]) => !gone.has(location)));
    const complete = withMissingOptionalPackages(rest);
    expect(Object.keys(complete)).toEqual(Object.keys(packages));
    for (const location of gone) {
      const { version, os, cpu, libc, dev, peer } = packages[location] ?? {};
      expect(complete[location], location).toEqual({ version, os, cpu, libc, dev, peer, optional: true });
    }
  });
});
