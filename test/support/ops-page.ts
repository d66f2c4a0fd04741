import { readdirSync, readFileSync } from 'node:fs';
import { ops } from './ops.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const RECORDS = ['refuse-bareRecord', 'refuse-hiddenEnvironment', 'rerun-failed-start', 'rerun-plain-throttle'];

/** The parts of docs/ops.md that are transcripts, by the name in their marks. */
export async function transcripts(): Promise<Readonly<Record<string, string>>> {
  const names = readdirSync(FIXTURES).filter((name) => RECORDS.includes(name.replace(/\.json$/, '')));
  const files = Object.fromEntries(
    names.map((name) => [`records/${name}`, readFileSync(new URL(name, FIXTURES), 'utf8')]),
  );
  return {
    explain: await transcript(['explain', 'records'], files),
    'explain-json': await transcript(['explain', '--json', 'records/rerun-plain-throttle.json'], files),
  };
}

async function transcript(inputs: readonly string[], files: Readonly<Record<string, string>>): Promise<string> {
  const { stdout, stderr, exitCode } = await ops(inputs, files);
  const lines = [`$ npm run --silent ops -- ${inputs.join(' ')}`, stdout + stderr, '$ echo $?', `${exitCode}`];
  return `\`\`\`console\n${lines.map((line) => line.trimEnd()).join('\n')}\n\`\`\``;
}
