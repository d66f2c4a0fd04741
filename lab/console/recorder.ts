import type { Flow, HistoryStep } from '../asl/index.ts';
import type { PublishedMessage } from '../aws/sns/fake-sns.ts';
import type { Execution, StateMachineOptions } from '../aws/states/execution.ts';
import { drawWay } from '../html/diagram.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { reasonOf } from '../run/run-records.ts';
import type { Observer } from '../world/world.ts';
import { type ConsoleView, type ExecutionStatus, type ExecutionView, type MachineView, STEP } from './view.ts';

/** What is kept of one execution: no request, since its command and environment are nobody's business. */
interface Recorded {
  readonly execution: Execution;
  readonly call: { readonly family?: Json; readonly caller?: Json; readonly cluster?: Json };
  readonly steps: number[];
}

interface Machine {
  readonly place: number;
  readonly flow: Flow;
  readonly places: ReadonlyMap<string, number>;
}

/** More would make the page of a large run slow; what did not succeed comes first, then who took longest. */
const MOST_EXECUTIONS = 5000;

const KINDS: Partial<Record<HistoryStep['kind'], number>> = {
  stateEntered: STEP.entered,
  stateRetried: STEP.retried,
};

/** Titles of the product's own state machines, whose names CloudFormation would make. */
const TITLES: readonly (readonly [RegExp, string])[] = [
  [/Rerun/, 'Re-run'],
  [/Sweep/, 'Sweep'],
  [/Digest/, 'Notices of an hour'],
  [/Incident/, 'Incident report'],
];

/** Listens to the executions of a run, for the console page. */
export class ConsoleRecorder {
  readonly #recorded = new Map<Execution, Recorded>();
  readonly #machines = new Map<string, Machine>();
  #startedAt = 0;
  #now = () => 0;

  readonly listen = ({ now, startedAt }: { now: () => number; startedAt: number }): Partial<Observer> => {
    this.#startedAt = startedAt;
    this.#now = now;
    return {
      executionStarted: (execution, input) => this.#started(execution, input),
      executionStep: (execution, step) => this.#stepped(execution, step),
    };
  };

  /** All of it so far, with the messages that people were sent. */
  async view(published: readonly PublishedMessage[]): Promise<ConsoleView> {
    const all = [...this.#recorded.values()];
    const shown = all.length > MOST_EXECUTIONS ? this.#mostTelling(all) : all;
    return {
      machines: await Promise.all([...this.#machines].map(([name, { flow }]) => machineView(name, flow))),
      executions: shown.map((recorded) => this.#shown(recorded)),
      total: all.length,
      mails: published.map(({ at, subject = '', message }) => ({ at: this.#since(at), subject, text: message })),
    };
  }

  #started(execution: Execution, input: Json): void {
    const { call } = (input ?? {}) as { call?: JsonObject };
    const { family, caller, cluster } = call ?? {};
    this.#recorded.set(execution, {
      execution,
      call: { ...(family && { family }), ...(caller && { caller }), ...(cluster && { cluster }) },
      steps: [],
    });
  }

  #stepped(execution: Execution, { kind, state, detail }: HistoryStep): void {
    const what = kind === 'taskEnded' && detail?.error !== undefined ? STEP.failed : KINDS[kind];
    const recorded = this.#recorded.get(execution);
    if (what === undefined || state === undefined || !recorded) return;
    const place = this.#machineOf(execution.stateMachine).places.get(state);
    if (place !== undefined) recorded.steps.push(place, Math.round(this.#now() - execution.startedAt), what);
  }

  #machineOf({ name, definition: { flow } }: StateMachineOptions): Machine {
    const known = this.#machines.get(name);
    if (known) return known;
    const places = new Map([...flow.states.keys()].map((state, index) => [state, index]));
    const machine = { place: this.#machines.size, flow, places };
    this.#machines.set(name, machine);
    return machine;
  }

  #mostTelling(all: readonly Recorded[]): Recorded[] {
    const weight = ({ execution: { result, startedAt, stoppedAt = this.#now() } }: Recorded) =>
      (result?.status === 'SUCCEEDED' ? 0 : Number.MAX_SAFE_INTEGER / 2) + (stoppedAt - startedAt);
    const chosen = new Set(all.toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST_EXECUTIONS));
    return all.filter((recorded) => chosen.has(recorded));
  }

  #shown({ execution, call, steps }: Recorded): ExecutionView {
    const { name, stateMachine, startedAt, stoppedAt, redrives } = execution;
    return {
      name,
      machine: this.#machineOf(stateMachine).place,
      ...outcomeOf(execution),
      ...(call as Pick<ExecutionView, 'family' | 'caller' | 'cluster'>),
      ...(redrives.length > 0 && { redrives: redrives.length }),
      startedAt: this.#since(startedAt),
      ...(stoppedAt !== undefined && { stoppedAt: this.#since(stoppedAt) }),
      steps,
    };
  }

  readonly #since = (at: number): number => Math.round(at - this.#startedAt);
}

function outcomeOf({ result }: Execution): Pick<ExecutionView, 'status' | 'result' | 'reason'> {
  if (!result) return { status: 'RUNNING' };
  const { status, output, error, cause } = result;
  if (status === 'SUCCEEDED') {
    const { result: came, reason } = (output ?? {}) as { result?: Json; reason?: Json };
    return { status, ...text('result', came), ...text('reason', reason) };
  }
  const isOurs = error === 'GaveUp' || error === 'Refused';
  if (isOurs) return { status, result: error === 'GaveUp' ? 'gaveUp' : 'refused', reason: reasonOf(cause) };
  return { status: status satisfies ExecutionStatus, ...text('reason', error) };
}

const text = (name: 'result' | 'reason', value: Json | undefined): { result?: string; reason?: string } =>
  typeof value === 'string' ? { [name]: value } : {};

async function machineView(name: string, flow: Flow): Promise<MachineView> {
  const title = TITLES.find(([pattern]) => pattern.test(name))?.[1] ?? name;
  return { title, states: [...flow.states.keys()], drawing: (await drawWay(flow)).text };
}
