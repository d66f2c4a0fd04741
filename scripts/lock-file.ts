/** What package-lock.json has to hold for `npm ci`, which installs nothing where one entry is missing, be it another platform's. */
import semver from 'semver';

export interface LockedPackage {
  version?: string;
  resolved?: string;
  integrity?: string;
  inBundle?: boolean;
  dev?: boolean;
  peer?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** By location: '' is the project, then 'node_modules/a', 'node_modules/a/node_modules/b', ... */
export type LockedPackages = Record<string, LockedPackage>;

export interface LockFile {
  packages: LockedPackages;
}

export interface MissingPackage {
  /** Location of the package that depends on it. */
  from: string;
  name: string;
  range: string;
  optional: boolean;
}

/** The location that `from` would load `name` from, as Node.js looks for it: in its own node_modules, then in those around it. */
function locationOf(packages: LockedPackages, from: string, name: string): string | undefined {
  for (let around = from; ; around = around.slice(0, Math.max(0, around.lastIndexOf('node_modules/') - 1))) {
    const location = `${around === '' ? '' : `${around}/`}node_modules/${name}`;
    if (packages[location] !== undefined) return location;
    if (around === '') return undefined;
  }
}

/** Every dependency that no entry satisfies. Peer dependencies are left to npm, which also knows which of them to forgive. */
export function missingPackages(packages: LockedPackages): MissingPackage[] {
  return Object.entries(packages).flatMap(([from, locked]) =>
    Object.entries({ ...locked.devDependencies, ...locked.dependencies, ...locked.optionalDependencies })
      .filter(([name, range]) => {
        const location = locationOf(packages, from, name);
        return location === undefined || !semver.satisfies(packages[location]?.version ?? '', range);
      })
      .map(([name, range]) => ({ from, name, range, optional: name in (locked.optionalDependencies ?? {}) })),
  );
}

const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** What the name says of the platform. A package that has a sibling for musl is itself for glibc, though its name may not say so. */
export function platformOf(name: string, siblings: readonly string[]): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/);
  const os = words.filter((word) => OS.includes(word));
  const cpu = words.filter((word) => CPU.includes(word));
  const glibc = words.includes('gnu') || siblings.includes(`${name}-musl`);
  const libc = words.includes('musl') ? ['musl'] : glibc ? ['glibc'] : [];
  return { ...(cpu.length > 0 && { cpu }), ...(libc.length > 0 && { libc }), ...(os.length > 0 && { os }) };
}

/** The same with an entry for each missing optional package. Its integrity is left out: only a registry that has the package knows it. */
export function withMissingOptionalPackages(packages: LockedPackages): LockedPackages {
  const added = missingPackages(packages).map(({ from, name, range, optional }): [string, LockedPackage] => {
    const parent = packages[from] ?? {};
    if (!optional) throw new Error(`${name}@${range} of ${from || 'the project'} is missing; expected npm to lock it`);
    if (semver.valid(range) === null) {
      throw new Error(
        `${name}@${range} of ${from}: no version to lock; expected an exact one where the registry has none`,
      );
    }
    const { cpu, libc, os } = platformOf(name, Object.keys(parent.optionalDependencies ?? {}));
    const taken = locationOf(packages, from, name) !== undefined;
    return [
      `${taken ? `${from}/` : ''}node_modules/${name}`,
      {
        version: range,
        ...(cpu && { cpu }),
        ...(parent.dev && { dev: true }),
        ...(libc && { libc }),
        optional: true,
        ...(os && { os }),
        ...(parent.peer && { peer: true }),
      },
    ];
  });
  // npm's own order, so that its next write moves nothing.
  return Object.fromEntries(
    [...Object.entries(packages), ...added].sort(([one], [other]) => one.localeCompare(other, 'en')),
  );
}

/** The same without what was locked from a name alone, so that npm asks the registry for it anew. */
export function withoutGuesses(packages: LockedPackages): LockedPackages {
  return Object.fromEntries(
    Object.entries(packages).filter(([, { optional, integrity, inBundle }]) => !optional || integrity || inBundle),
  );
}
