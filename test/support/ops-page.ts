import { readdirSync, readFileSync } from 'node:fs';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { type Answers, accountOf, HEALTHY } from './account.ts';
import { ops } from './ops.ts';
import { playedRecords } from './played-records.ts';

const SCENARIO = new URL('../../lab/scenarios/handed-over.json', import.meta.url);

const FIXTURES = new URL('../fixtures/', import.meta.url);
const RECORDS = ['refuse-bareRecord', 'refuse-hiddenEnvironment', 'rerun-failed-start', 'rerun-plain-throttle'];

/** The parts of docs/ops.md that are transcripts, by the name in their marks. */
export async function transcripts(): Promise<Readonly<Record<string, string>>> {
  const names = readdirSync(FIXTURES).filter((name) => RECORDS.includes(name.replace(/\.json$/, '')));
  const files = Object.fromEntries(
    names.map((name) => [`records/${name}`, readFileSync(new URL(name, FIXTURES), 'utf8')]),
  );
  const { files: played } = await playedRecords(readScenario(readFileSync(SCENARIO, 'utf8'), 'handed-over.json'));
  return {
    probe: await transcript(['probe', '--records', 'records'], played),
    rewind: await transcript(
      ['probe', '--json', '--records', 'records', '--rewind', 'storm.json'],
      played,
      {},
      /^\{.*\n/,
    ),
    audit: await transcript(['audit', '--records', 'records'], played),
    status: await transcript(['status'], {}, { DescribeRuleCommand: { State: 'DISABLED' } }),
    pause: await transcript(['pause', '--yes'], {}, { PutItemCommand: {} }),
    resume: await transcript(['resume', '--yes'], {}, { GetItemCommand: { Item: {} }, DeleteItemCommand: {} }),
    sweep: await transcript(
      ['sweep', '--cluster', 'batch', '--since', '2026-01-15T03:00:00Z', '--yes'],
      {},
      {
        StartExecutionCommand: { executionArn: 'arn:aws:states:us-east-1:111122223333:execution:Sweep:4e4ca0bb' },
        DescribeExecutionCommand: { status: 'RUNNING' },
      },
    ),
    redrive: await transcript(
      ['redrive', '--since', '2026-01-15T03:00:00Z', '--reason', 'deadline', '--yes'],
      {},
      {
        ListExecutionsCommand: ({ statusFilter }: { statusFilter: string }) => ({
          executions: statusFilter === 'FAILED' ? [{ executionArn: 'report-1', stopDate: new Date() }] : [],
        }),
        DescribeExecutionCommand: {
          error: 'GaveUp',
          cause: '{"errorMessage":"deadline"}',
          redriveStatus: 'REDRIVABLE',
        },
        RedriveExecutionCommand: {},
      },
    ),
    drill: await transcript(['drill', '--family', 'report', '--yes'], {}, DRILL),
    policy: await transcript(['resume', '--policy']),
    explain: await transcript(['explain', 'records'], files),
    'explain-json': await transcript(['explain', '--json', 'records/rerun-plain-throttle.json'], files),
  };
}

/** An account in which the role that launches may not pass a role of the task. */
const DRILL: Answers = {
  LookupEventsCommand: { Events: [] },
  SendMessageCommand: { MessageId: 'm1' },
  DescribeExecutionCommand: {
    status: 'FAILED',
    error: 'Refused',
    cause: '{"errorMessage":"rejectedByEcs: AccessDeniedException"}',
  },
};

/** What a command prints, in an account that is as it should be but for these answers; without what is too long to be shown. */
async function transcript(
  inputs: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
  answers: Answers = {},
  without = /^$/,
): Promise<string> {
  const { account } = accountOf({ ...HEALTHY, ...answers });
  const result = await ops(inputs, files, {}, { ...account, sleep: async () => {} });
  const { stderr, exitCode } = result;
  const stdout = result.stdout.replace(without, '');
  const lines = [`$ npm run --silent ops -- ${inputs.join(' ')}`, stdout + stderr, '$ echo $?', `${exitCode}`];
  return `\`\`\`console\n${lines.map((line) => line.trimEnd()).join('\n')}\n\`\`\``;
}
