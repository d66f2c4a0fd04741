import { spawn, spawnSync } from 'node:child_process';
import { devNull } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { type Lab, REGION } from './lab.fixture.ts';

/** The three clients, each as a process of its own: a job that makes one call. */

export interface Job {
  readonly request: JsonObject;
  readonly key?: string;
  /** Whose access key signs. */
  readonly team?: string;
  /** How often the SDK tries by itself. */
  readonly attempts?: number;
  /** Of another queue than the stack's. */
  readonly queueUrl?: string;
  /** Whether the process dies as soon as its message is in the queue. */
  readonly diesAfterSend?: boolean;
}

/** What a client answered; `died` where it did not come to that. */
export interface Outcome {
  readonly kind: 'started' | 'handedOver' | 'error' | 'died';
  readonly messageId?: string;
  readonly tasks?: readonly { readonly taskArn: string }[];
  readonly failures?: readonly JsonObject[];
  readonly text?: string;
  readonly handOverError?: string;
  /** All that it wrote to stderr. */
  readonly complaints: string;
}

export interface Client {
  readonly name: string;
  /** Why it cannot be tried here. */
  readonly missing: string | undefined;
  readonly run: (lab: Lab, job: Job) => Promise<Outcome>;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const answers = (command: string, args: readonly string[], pattern: RegExp) => {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return pattern.test(`${stdout}${stderr}`);
};
// Distributions' packages belong to their own Python, which need not be the first in the PATH.
const LOOK_FOR_BOTO3 = 'import importlib.util; print(importlib.util.find_spec("boto3"))';
export const PYTHON = ['/usr/bin/python3', 'python3'].find((each) =>
  answers(each, ['-c', LOOK_FOR_BOTO3], /name='boto3'/),
);
const aws = ['/usr/bin', '/usr/local/bin'].find((folder) => answers(`${folder}/aws`, ['--version'], /^aws-cli\/2/));
const hasJq = answers('jq', ['--version'], /^jq/);

const missing = (what: string, isThere: unknown) => (isThere ? undefined : `${what} is not installed`);

export const CLIENTS: readonly Client[] = [
  {
    name: 'javascript',
    missing: undefined,
    run: (lab, job) => runJob(lab, job, [process.execPath, path('drivers/javascript.mjs')]),
  },
  {
    name: 'python',
    missing: missing('boto3', PYTHON),
    run: (lab, job) => runJob(lab, job, [String(PYTHON), path('drivers/python.py')]),
  },
  {
    name: 'shell',
    missing: missing('AWS CLI 2', aws) ?? missing('jq', hasJq),
    run: (lab, job) =>
      runJob(lab, job, [
        path('../../clients/shell/run-task-or-hand-over'),
        ...[
          '--queue-url',
          job.queueUrl ?? lab.queueUrl,
          '--endpoint-url',
          lab.url,
          '--cli-input-json',
          'file:///dev/stdin',
        ],
        ...(job.key === undefined ? [] : ['--key', job.key]),
      ]),
  },
];

async function runJob(lab: Lab, job: Job, [command = '', ...args]: readonly string[]): Promise<Outcome> {
  const { request, key, team = 'cron', attempts = 1, queueUrl = lab.queueUrl, diesAfterSend = false } = job;
  const child = spawn(command, args, {
    // A group of its own, so that what it started dies with it.
    detached: true,
    env: {
      PATH: `${aws}:/usr/bin:/bin`,
      AWS_ACCESS_KEY_ID: team,
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_RETRY_MODE: 'standard',
      AWS_MAX_ATTEMPTS: String(attempts),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  if (diesAfterSend) lab.onNextMessage(() => process.kill(-Number(child.pid), 'SIGKILL'));
  const isShell = args.includes('--endpoint-url');
  // A client that refuses its arguments ends without reading what it is given.
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(isShell ? request : { request, key, queueUrl, endpoint: lab.url }));
  const [stdout, complaints, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  if (code === null) return { kind: 'died', complaints };
  if (isShell && code !== 0) return { kind: 'error', text: `${code}: ${complaints}`, complaints };
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${complaints}`);
  return { ...(JSON.parse(stdout) as Outcome), complaints };
}
