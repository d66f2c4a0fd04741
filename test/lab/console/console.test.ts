import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ExecutionView, STEP } from '../../../lab/console/view.ts';
import { staysOf } from '../../../lab/html/browser/execution.ts';
import { matching } from '../../../lab/html/browser/search.ts';
import { report } from '../../../lab/report/report.ts';
import { StoryRecorder } from '../../../lab/report/story.ts';
import { readScenario } from '../../../lab/scenario/scenario.ts';

const SCENARIO = new URL('../../../lab/scenarios/one-lost-call.json', import.meta.url);

test('a run’s executions are told with their ways, and without what the call asked for', async () => {
  const text = readFileSync(SCENARIO, 'utf8').replace('"request": {', '"request": { "startedBy": "a secret",');
  const recorder = new StoryRecorder();
  const result = await report(readScenario(text, 'one-lost-call.json'), { observe: recorder.listen });
  const { console: view } = await recorder.tell(result);
  expect(view.total).toBe(result.report.workflow.executions);
  const [rerun] = view.executions.filter(({ machine }) => view.machines[machine]?.title === 'Re-run');
  const states = view.machines[rerun?.machine ?? -1]?.states ?? [];
  expect(rerun).toMatchObject({ status: 'SUCCEEDED', result: 'started' });
  const way = staysOf(rerun as ExecutionView).map(({ place }) => states[place]);
  expect(way).toEqual(
    expect.arrayContaining(['Let caller retries settle', 'Wait for a permit', 'Run the task', 'Started']),
  );
  expect(view.machines[rerun?.machine ?? -1]?.drawing).toContain('class="way"');
  expect(JSON.stringify(view)).not.toContain('a secret');
});

const execution = (changes: Partial<ExecutionView>): ExecutionView => ({
  name: 'one',
  machine: 0,
  status: 'SUCCEEDED',
  startedAt: 0,
  stoppedAt: 1000,
  steps: [],
  ...changes,
});

test('a stay in a state lasts until the next one, and tells of retries and failures', () => {
  const { entered, retried, failed } = STEP;
  const steps = [0, 0, entered, 0, 10, failed, 0, 10, retried, 2, 400, entered];
  expect(staysOf(execution({ steps }))).toEqual([
    { place: 0, from: 0, to: 400, retries: 1, failures: 1 },
    { place: 2, from: 400, to: 1000, retries: 0, failures: 0 },
  ]);
  const { stoppedAt: _, ...running } = execution({ steps, status: 'RUNNING' });
  expect(staysOf(running).at(-1)).toMatchObject({ to: undefined });
});

test('a search finds executions by words, workflow and status, newest or longest first', () => {
  const view = {
    machines: ['Re-run', 'Sweep'].map((title) => ({ title, states: [], drawing: '' })),
    executions: [
      execution({ name: 'a', family: 'report', caller: 'role/cron', startedAt: 0, stoppedAt: 9000 }),
      execution({ name: 'b', family: 'report', status: 'FAILED', reason: 'deadline', startedAt: 5 }),
      execution({ name: 'c', machine: 1, startedAt: 7 }),
    ],
  };
  const found = (query: object) =>
    matching(view, { text: '', machine: '', status: '', order: 'newest', ...query }).map(({ name }) => name);
  expect(found({})).toEqual(['c', 'b', 'a']);
  expect(found({ order: 'longest' })).toEqual(['a', 'b', 'c']);
  expect(found({ text: 'Report CRON' })).toEqual(['a']);
  expect(found({ status: 'FAILED' })).toEqual(['b']);
  expect(found({ machine: 'Sweep' })).toEqual(['c']);
  expect(found({ text: 'deadline' })).toEqual(['b']);
});
