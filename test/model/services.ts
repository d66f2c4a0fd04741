import { FakeDynamoDb } from '../../lab/aws/dynamodb/fake-dynamodb.ts';
import { AwsError } from '../../lab/kernel/aws-service.ts';
import { HISTORY_LAG_MS } from '../../lambda/core/sweep/coverage.ts';
import type { Sent } from '../support/dependencies.ts';
import { CRON_ROLE } from '../support/records.ts';
import { acceptances, comparable, spend } from './ecs.ts';
import { type Part, partOf, remembering, valueAt } from './parts.ts';
import { CRON_ID, detailOf, historyEntryOf, taskArn, taskOf } from './records.ts';
import type { Answer } from './replay.ts';
import type { Execution, Mutations, State, World } from './state.ts';
import { with_ } from './state.ts';

/** One way in which a service may take a request: what it does, and what it says. */
export interface Effect {
  readonly label: string;
  readonly isFault: boolean;
  readonly state: State;
  readonly answer: Answer;
}

/** Items that decide about launches; the others (rate, counts, notices) are written to nowhere. */
const ITEMS = ['accepted#', 'coverage', 'launch#', 'occasion#', 'sweep#'];
const RERUN = ':rerun';
const NOTHING = { value: {} };
const TAKEN = { error: { name: 'ExecutionAlreadyExists' } };
const THROTTLED = { error: { name: 'ThrottlingException' } };
const UNHEARD = { error: { name: 'TimeoutError', status: 0 } };

/** Whether it matters to anybody else when, among what they do, a request has its effect. */
export function isVisible({ name, input }: Sent, world: World): boolean {
  if (name === 'StartExecutionCommand') return input.stateMachineArn.endsWith(RERUN);
  if (name === 'RunTaskCommand' || name === 'LookupEventsCommand') return true;
  return idsOf(input).some((id) =>
    id.startsWith('launch#')
      ? world.faults.failedStarts > 0
      : world.sweepsAt.length > 0 && (id.startsWith('accepted#') || id === 'coverage'),
  );
}

/** Of the items that a request reads or writes. */
function idsOf({ Item, Key, RequestItems }: Sent['input']): string[] {
  const batch = RequestItems?.state;
  const items = batch ? (batch.Keys ?? putsIn(batch)) : [Item ?? Key];
  return items.flatMap((item: { id: { S: string } } | undefined) => item?.id.S ?? []);
}

const putsIn = (batch: { PutRequest: { Item: { id: { S: string } } } }[]) =>
  batch.map(({ PutRequest }) => PutRequest.Item);

/** All ways in which a request may be taken now. */
export function effectsOf(state: State, world: World, { name, input }: Sent, nowMs: number): Effect[] {
  const plain = (label: string, answer: unknown, next = state): Effect[] => [
    { label, isFault: false, state: next, answer: { value: answer } },
  ];
  switch (name) {
    case 'RunTaskCommand':
      return runTask(state, world, input, nowMs);
    case 'StartExecutionCommand':
      return input.stateMachineArn.endsWith(RERUN)
        ? [startExecution(state, input, nowMs, world.mutations)]
        : [{ label: '', isFault: false, state, answer: NOTHING }];
    case 'LookupEventsCommand': {
      const from = Date.parse(input.StartTime);
      const to = Date.parse(input.EndTime);
      const page = (lagMs: number) => ({
        Events: state.records.flatMap(({ atMs }, index) =>
          from <= atMs && atMs <= to && atMs <= nowMs - lagMs ? [historyEntryOf(state, world, `record ${index}`)] : [],
        ),
      });
      const [early, late] = [page(0), page(HISTORY_LAG_MS)];
      if (early.Events.length === late.Events.length) return plain('the history is read', early);
      return [...plain('the history is read', early), ...plain('the history is read, still without the latest', late)];
    }
    case 'GetRoleCommand':
      return plain('', { Role: { Arn: CRON_ROLE, RoleId: CRON_ID } });
    case 'ListTasksCommand':
      return plain('', {
        taskArns:
          input.cluster === 'batch' ? state.tasks.flatMap(({ runs }, task) => (runs ? [] : [taskArn(task)])) : [],
      });
    case 'DescribeTasksCommand':
      return plain('', {
        tasks: input.tasks.map((arn: string) => detailOf(state, world, `task ${taskOf(arn)}`)),
      });
    case 'BatchGetItemCommand': {
      const found = idsOf(input).flatMap((id) => state.table[id] ?? []);
      return plain('', { Responses: { state: found.map(valueAt) } });
    }
    case 'BatchWriteItemCommand':
      return batchWrite(state, input, world.mutations);
    default:
      return [table(state, name, input, world.mutations)];
  }
}

function runTask(state: State, world: World, input: Sent['input'], nowMs: number): Effect[] {
  const { clientToken, ...parameters } = input;
  const token = world.mutations.freshTokens ? `fresh ${state.tasks.length}` : clientToken;
  const what = `our RunTask under ${token === world.clientToken ? 'the caller’s token' : `token ${token.slice(0, 8)}`}`;
  const request = { token, parameters: comparable(parameters), count: input.count, isOwn: true };
  const effects = acceptances(state, request, nowMs).map((accepted): Effect => {
    const { launch, isConflict } = accepted;
    const createdAt = new Date(launch.atMs).toISOString();
    const conflict = { name: 'ConflictException', members: { resourceIds: launch.tasks.map(taskArn) } };
    const conflictAnswer = world.mutations.conflictIsThrottle ? THROTTLED : { error: conflict };
    const answer = {
      tasks: launch.tasks.map((task) => ({ taskArn: taskArn(task), createdAt })),
      failures: launch.isPartial ? [{ reason: 'RESOURCE:MEMORY' }] : [],
    };
    return {
      label: `${what} ${accepted.label}`,
      isFault: accepted.isFault,
      state: accepted.state,
      answer: isConflict ? conflictAnswer : { value: answer },
    };
  });
  const unheard = effects.flatMap((effect): Effect[] => {
    const faults = spend(effect.state.faults, 'lostAnswers');
    const label = `${effect.label}, and the answer is lost`;
    return faults ? [{ label, isFault: true, state: { ...effect.state, faults }, answer: UNHEARD }] : [];
  });
  const faults = spend(state.faults, 'throttles');
  const throttled = faults
    ? [{ label: `${what} is throttled`, isFault: true, state: { ...state, faults }, answer: THROTTLED }]
    : [];
  return [...effects, ...unheard, ...throttled];
}

const parsedInput = remembering((text) => JSON.parse(text));

function startExecution(state: State, input: Sent['input'], nowMs: number, mutations: Mutations): Effect {
  const name = mutations.randomExecutionNames ? `random ${Object.keys(state.executions).length}` : input.name;
  const rerun = parsedInput(input.input);
  const there = state.executions[name];
  if (there) {
    const isSame = there.status === 'open' && there.input === partOf(rerun);
    const answer = isSame ? NOTHING : TAKEN;
    return { label: `execution ${name} is there already`, isFault: false, state, answer };
  }
  const execution: Execution = {
    input: partOf(rerun),
    status: 'open',
    result: '',
    phase: rerun.request ? 'permit' : 'complete',
    untilMs: Date.parse(rerun.settleUntil),
    rerun: partOf(rerun),
    progress: partOf(null),
    permitAtMs: null,
    startedAtMs: nowMs,
    enteredMs: null,
    unheardMs: null,
    isBusy: false,
  };
  const next = { ...state, executions: with_(state.executions, name, execution) };
  return { label: `execution ${name} starts`, isFault: false, state: next, answer: NOTHING };
}

/** All of it, or one item and the rest later: in between the function may die. */
function batchWrite(state: State, input: Sent['input'], mutations: Mutations): Effect[] {
  const requests: { PutRequest: { Item: { id: { S: string } } } }[] = input.RequestItems.state;
  const written = (some: typeof requests): State =>
    putsIn(some).reduce((before, Item) => table(before, 'PutItemCommand', { Item }, mutations).state, state);
  const label = `BatchWriteItem ${idsOf(input)}`;
  const parts = requests.length > 1 ? requests : [];
  return [
    { label, isFault: false, state: written(requests), answer: NOTHING },
    ...parts.map((part): Effect => {
      const left = { state: requests.filter((request) => request !== part) };
      const answer = { value: { UnprocessedItems: left } };
      return {
        label: `${label}, of which ${part.PutRequest.Item.id.S} is done`,
        isFault: true,
        state: written([part]),
        answer,
      };
    }),
  ];
}

const answers = new Map<string, { item: Part | undefined; answer: Answer }>();

/** The table's answer is that of the lab's DynamoDB, whose conditions have tests of their own. */
function table(state: State, name: string, input: Sent['input'], mutations: Mutations): Effect {
  const [id = ''] = idsOf(input);
  if (!ITEMS.some((prefix) => id.startsWith(prefix))) return { label: '', isFault: false, state, answer: NOTHING };
  const before = state.table[id];
  const key = `${before} ${name} ${partOf(input)}`;
  const known = answers.get(key) ?? askTable(before, name, input);
  answers.set(key, known);
  const isForgotten = mutations.lostAcceptances && id.startsWith('accepted#');
  const next = isForgotten ? state : { ...state, table: with_(state.table, id, known.item) };
  return {
    label: `${name.replace('Command', '')} ${id.slice(0, 17)}`,
    isFault: false,
    state: next,
    answer: known.answer,
  };
}

function askTable(item: Part | undefined, name: string, input: Sent['input']) {
  const database = new FakeDynamoDb();
  database.createTable({ tableName: 'state', partitionKey: { name: 'id', type: 'S' } });
  if (item !== undefined) database.call('PutItem', { TableName: 'state', Item: valueAt(item) });
  const after = () => {
    const [left] = database.items('state');
    return left && partOf(left);
  };
  try {
    const value = database.call(name.replace('Command', ''), { ...input, TableName: 'state' });
    return { item: after(), answer: { value } };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { item, answer: { error: { name: error.name, members: error.members } } };
  }
}
