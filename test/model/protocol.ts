import { acceptances, comparable, handedOver, recorded, sent, spend } from './ecs.ts';
import type { Edge, Model } from './explorer.ts';
import { functionsIn } from './functions.ts';
import { momentsOf } from './moments.ts';
import { type Part, partOf, remembering, valueAt } from './parts.ts';
import { leftoverIn, violationIn } from './properties.ts';
import { deliveryOf } from './records.ts';
import type { Execution, State, World } from './state.ts';
import { withEvent, withExecution, withSweep } from './workflow.ts';
import { CALLER_REQUEST } from './worlds.ts';

const DAY_MS = 86_400_000;
/** Longer than this no function works; Lambda ends it. */
const TIMEOUT_MS = { intake: 90_000, 'run-task': 90_000, sweep: 300_000 } as const;

/** The re-run protocol in a small world: the product's handlers, and around them all that may happen when. */
export function protocolIn(world: World): Model<State> {
  const moments = momentsOf(world);
  const { edge, fault, secondsOf, msOf } = moments;
  const { invoked, begun, effects } = functionsIn(world, moments);

  const isSweepDue = (state: State) =>
    world.sweepsAt.includes(secondsOf(state)) && !state.sweeps[`sweep at ${secondsOf(state)}`];

  /** Time goes on, unless a function would work for longer than it may. */
  function passing(state: State): Edge<State>[] {
    if (state.now + 1 >= world.instants.length) return [];
    const nextMs = msOf({ ...state, now: state.now + 1 });
    const isOverdue = state.running.some(({ handler, startedAtMs }) => startedAtMs + TIMEOUT_MS[handler] < nextMs);
    // EventBridge tries for a day, and a sweep that fails for as long is none.
    const isUnderway =
      Object.keys(state.events).length > 0 || Object.values(state.sweeps).some(({ payload }) => payload !== undefined);
    const isHeldUp = isUnderway && nextMs > world.startMs + DAY_MS;
    return isOverdue || isHeldUp || isSweepDue(state)
      ? []
      : [edge(state, `time passes to ${world.instants[state.now + 1]} s`, { ...state, now: state.now + 1 })];
  }

  /** The caller tries on its own, each time with the same request and token. */
  function calling(state: State): Edge<State>[] {
    if (state.isCallerDone || state.callerAttempts === 0 || secondsOf(state) > world.callerUntil) return [];
    const nowMs = msOf(state);
    const { clientToken: token, count } = world;
    const firstAttemptAtMs = state.firstAttemptAtMs ?? nowMs;
    const tried = { ...state, callerAttempts: state.callerAttempts - 1, firstAttemptAtMs };
    const record = { atMs: nowMs, token, isOwn: false, isRejected: true, tasks: [], isPartial: false };
    const throttled = recorded(tried, record);
    const edges = [edge(state, 'the caller’s RunTask is throttled', throttled, true)];
    if (world.handsOver) {
      // Each hand-over tells of the attempts since the one before: a loop around the caller begins anew.
      const message = { sentAtMs: nowMs, firstAttemptAtMs };
      const next = handedOver({ ...throttled, firstAttemptAtMs: undefined }, message);
      edges.push(edge(state, 'the caller’s RunTask is throttled and handed over', next, true));
    }
    if (secondsOf(state) > world.callerAcceptedUntil) return edges;
    const parameters = world.recordDiffers ? 'another' : comparable({ ...CALLER_REQUEST, count });
    for (const accepted of acceptances(tried, { token, parameters, count, isOwn: false }, nowMs)) {
      const label = `the caller’s RunTask ${accepted.label}`;
      edges.push(edge(state, label, { ...accepted.state, isCallerDone: true }, true));
      const faults = spend(accepted.state.faults, 'lostAnswers');
      if (faults) edges.push(edge(state, `${label}, and the answer is lost`, { ...accepted.state, faults }, true));
    }
    return edges;
  }

  /** A job that nobody attempts is handed over, in copies that lie as far apart as they may. */
  function handingOver(state: State): Edge<State>[] {
    const isFirst = state.messages.length === 0;
    if (world.key === undefined || state.messages.length >= world.copies || (isFirst && state.now > 0)) return [];
    const message = { sentAtMs: msOf(state), firstAttemptAtMs: undefined };
    return [edge(state, 'the job is handed over', handedOver(state, message), !isFirst)];
  }

  /** Delivers events to the intake, once, more often, or never. */
  async function delivering(state: State): Promise<Edge<State>[]> {
    const edges: Edge<State>[] = [];
    for (const [event, { waiting, busy }] of Object.entries(state.events)) {
      if (waiting + busy > 0)
        edges.push(...fault(state, `${event} is sent again`, 'duplicates', (s) => sent(s, event)));
      if (waiting === 0) continue;
      // What is lost later is for a later sweep to find, and worlds have an end.
      // A message was taken by a queue, which loses none.
      if (!event.startsWith('message') && secondsOf(state) < (world.sweepsAt[0] ?? 0)) {
        edges.push(...fault(state, `${event} is lost`, 'drops', (s) => withEvent(s, event, -1, 0)));
      }
      const delivered = withEvent(state, event, -1, 1);
      const next = await invoked(delivered, 'intake', event, deliveryOf(state, world, event));
      // What it does before its first effect matters to nobody: it is as if it began just then.
      const last = next.running.at(-1);
      if (last?.owner === event && next.running.length > state.running.length)
        edges.push(...(await effects(next, last)));
      else edges.push(edge(state, `${event} is delivered`, next));
    }
    return edges;
  }

  async function executing(state: State): Promise<Edge<State>[]> {
    const edges: Edge<State>[] = [];
    for (const [name, execution] of Object.entries(state.executions)) {
      if (execution.status === 'failed') {
        edges.push(
          ...fault(state, `${name} is redriven`, 'redrives', (s) =>
            withExecution(s, name, { status: 'open', result: '', unheardMs: execution.startedAtMs }),
          ),
        );
      }
      if (execution.status !== 'open' || execution.isBusy || msOf(state) < execution.untilMs) continue;
      const isTurn = execution.phase === 'permit';
      const permitAtMs = isTurn ? msOf(state) : execution.permitAtMs;
      const phase = isTurn ? 'run' : execution.phase;
      // A try that broke off may have been heard: the next one is told since when.
      const enteredMs = execution.enteredMs ?? msOf(state);
      const busy = withExecution(state, name, { phase, permitAtMs, enteredMs, isBusy: true });
      const payload = attemptPayload(JSON.stringify({ ...execution, phase, permitAtMs }));
      const label = isTurn ? `${name} gets its permit` : `${name} goes on`;
      edges.push(edge(state, label, await invoked(busy, 'run-task', `execution ${name}`, payload)));
    }
    return edges;
  }

  async function sweeping(state: State): Promise<Edge<State>[]> {
    const edges: Edge<State>[] = [];
    const name = `sweep at ${secondsOf(state)}`;
    if (isSweepDue(state)) {
      const payload = partOf({
        step: 'begin',
        trigger: { scheduled: true },
        execution: name,
        startedAt: new Date(msOf(state)).toISOString(),
      });
      edges.push(
        edge(state, `${name} begins`, await begun(withSweep(state, name, payload, true), name, valueAt(payload))),
      );
    }
    for (const [sweep, { payload, isBusy }] of Object.entries(state.sweeps)) {
      if (isBusy || payload === undefined) continue;
      const next = await invoked(withSweep(state, sweep, payload, true), 'sweep', `sweep ${sweep}`, valueAt(payload));
      edges.push(edge(state, `${sweep} looks`, next));
    }
    return edges;
  }

  return {
    initial: {
      now: 0,
      faults: world.faults,
      callerAttempts: world.callerAttempts,
      isCallerDone: false,
      records: [],
      messages: [],
      firstAttemptAtMs: undefined,
      tasks: [],
      tokens: {},
      events: {},
      executions: {},
      sweeps: {},
      running: [],
      table: tableBefore(world),
    },
    async edges(state) {
      const work: Edge<State>[] = [];
      for (const running of state.running) work.push(...(await effects(state, running)));
      const started = [...(await executing(state)), ...(await delivering(state)), ...(await sweeping(state))];
      return [...calling(state), ...handingOver(state), ...work, ...started, ...passing(state)];
    },
    keyOf: ({ running, executions, now, callerAttempts, isCallerDone, firstAttemptAtMs, ...parts }) =>
      [
        now,
        callerAttempts,
        isCallerDone,
        firstAttemptAtMs,
        ...Object.values(parts).map(partOf),
        ...Object.entries(executions).map(([name, execution]) => `${name} ${partOf(execution)}`),
        ...running.map(({ owner, invocation, startedAtMs }) => `${owner} ${invocation.id} ${startedAtMs}`).sort(),
      ].join(),
    violationIn: (state) => violationIn(state, world),
    leftoverIn: (state) => leftoverIn(state, world),
  };
}

/** What the workflow hands to its handler. */
const attemptPayload = remembering((execution): object => {
  const { phase, startedAtMs, rerun, progress, permitAtMs, unheardMs }: Execution = JSON.parse(execution);
  return {
    step: phase === 'complete' ? 'complete' : 'attempt',
    startedAt: new Date(startedAtMs).toISOString(),
    rerun: valueAt(rerun),
    progress: valueAt(progress),
    permit: permitAtMs === null ? null : { grantedAt: new Date(permitAtMs).toISOString() },
    unheardSince: unheardMs === null ? null : new Date(unheardMs).toISOString(),
  };
});

function tableBefore({ covered, startMs }: World): Record<string, Part> {
  if (!covered) return {};
  const read = JSON.stringify({ fromMs: startMs + covered.from * 1000, toMs: startMs + covered.to * 1000 });
  return { coverage: partOf({ id: { S: 'coverage' }, version: { N: '1' }, state: { S: read } }) };
}
