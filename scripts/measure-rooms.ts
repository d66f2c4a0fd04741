/**
 * Measures how calls that found no room come back, for the table of ADR 7, one line for each run:
 * node scripts/measure-rooms.ts [--seeds COUNT] [NAME…]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { RoomNeed } from '../lab/aws/ecs/room.ts';
import { Rooms } from '../lab/aws/ecs/rooms.ts';
import { TaskLives } from '../lab/aws/ecs/task-lives.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../lab/kernel/clock.ts';
import type { JsonObject } from '../lab/kernel/json.ts';
import { randomStream } from '../lab/kernel/random.ts';
import { report } from '../lab/report/report.ts';
import { play, type Run } from '../lab/run/run.ts';
import { readScenario, type Scenario } from '../lab/scenario/scenario.ts';

/** A scenario, and what the scenario's file cannot say. */
interface Case {
  readonly room: readonly JsonObject[];
  readonly callers: readonly JsonObject[];
  readonly taskSeconds?: readonly [number, number];
  readonly faults?: readonly JsonObject[];
  /** So many places more than the room's are taken until some second, or from it on. */
  readonly blocked?: { readonly places: number; readonly until?: number; readonly from?: number };
  /** Tasks whose lengths are log-normal instead of even. */
  readonly heavyTail?: { readonly medianSeconds: number; readonly sigma: number; readonly mostSeconds: number };
}

const ACCOUNT = '111122223333';
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const caller = (name: string, family: string, more: JsonObject): JsonObject => ({
  name,
  principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name.split('-')[0]}/session`,
  maxAttempts: 1,
  request: {
    cluster: 'batch',
    taskDefinition: family,
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa', 'subnet-0bbb'] } },
  },
  ...more,
});
const rule = (calls: number, overSeconds: number) =>
  caller('ops', 'report', { calls, overSeconds, invokedBy: 'events.amazonaws.com' });
const web = (callsPerSecond: number) => caller('web', 'web-job', { callsPerSecond, arrival: 'poisson' });
/** Others who come in bursts: callers that nobody listed. */
const bursts = (perSecond: number, seconds: number, everySeconds: number, count: number) =>
  Array.from({ length: count }, (_, index) =>
    caller(`burst-${index}`, 'web-job', {
      startAt: index * everySeconds,
      calls: Math.round(perSecond * seconds),
      overSeconds: seconds,
    }),
  );
const fargate = (tasks: number): JsonObject => ({ kind: 'fargate', launchType: 'FARGATE', tasks });
const instances = (tasks: number): JsonObject => ({ kind: 'instances', cluster: 'batch', tasks });
const onInstances = (each: JsonObject): JsonObject => ({
  ...each,
  request: { cluster: 'batch', taskDefinition: each.name === 'web' ? 'web-job' : 'report', launchType: 'EC2' },
});
const TASK_EVENTS = 'ECS Task State Change';
const STORM: Case = { room: [fargate(150)], callers: [rule(1500, 120), web(0.8)], taskSeconds: [20, 60] };

const CASES: Readonly<Record<string, Case>> = {
  storm: STORM,
  large: { room: [fargate(250)], callers: [rule(9600, 600), web(1.2)], taskSeconds: [30, 90] },
  alone: { room: [fargate(20)], callers: [rule(500, 60)], taskSeconds: [20, 60] },
  long: { room: [fargate(1000)], callers: [rule(3000, 120), web(0.164)], taskSeconds: [600, 1800] },
  grows: { ...STORM, room: [fargate(225)], blocked: { places: 75, until: 400 } },
  shrinks: { ...STORM, blocked: { places: 75, from: 400 } },
  heavyTail: { ...STORM, heavyTail: { medianSeconds: 25, sigma: 1, mostSeconds: 600 } },
  halfOthers: { ...STORM, callers: [rule(1500, 120), web(1.3)] },
  bursts: { ...STORM, callers: [rule(1500, 120), ...bursts(1.8, 30, 90, 15)] },
  instances: { ...STORM, room: [instances(150)], callers: STORM.callers.map(onInstances) },
  fewInstances: { ...STORM, room: [instances(60)], callers: STORM.callers.map(onInstances) },
  lostStops: { ...STORM, faults: [{ kind: 'dropEvents', detailType: TASK_EVENTS, probability: 0.05 }] },
  lateEvents: { ...STORM, faults: [{ kind: 'delayEvents', detailType: TASK_EVENTS, seconds: [5, 30] }] },
  addresses: {
    room: [
      { kind: 'addresses', subnet: 'subnet-0aaa', tasks: 20 },
      { kind: 'addresses', subnet: 'subnet-0bbb', tasks: 13 },
    ],
    callers: [caller('cron', 'report', { calls: 500, overSeconds: 60 })],
    taskSeconds: [20, 60],
  },
  provisioning: {
    room: [{ kind: 'provisioning', cluster: 'batch', tasks: 60 }],
    callers: [caller('desk', 'report', { calls: 1200, overSeconds: 20, handsOver: true })],
    taskSeconds: [20, 60],
  },
};

function scenarioOf(name: string, seed: number): Scenario {
  const file = new URL(`../test/fixtures/room/${name}.json`, import.meta.url);
  const known = CASES[name];
  if (!known) return { ...readScenario(readFileSync(file, 'utf8'), name), seed };
  const { room, callers, taskSeconds, faults = [] } = known;
  const scenario = {
    name,
    seed,
    remediation: {
      config: {
        mode: 'rerun',
        clusters: ['batch'],
        families: ['report'],
        callers: [role('cron'), role('ops'), { arn: role('desk'), handsOver: true }],
        capacity: { rerun: true },
      },
    },
    account: { clusters: ['batch'], taskDefinitions: [{ family: 'report' }, { family: 'web-job' }], room, taskSeconds },
    callers,
    faults,
  };
  return readScenario(JSON.stringify(scenario), name);
}

const { run } = VirtualClock.prototype;
const { admit } = Rooms.prototype;
const { of } = TaskLives.prototype;

/** Has the lab do what no scenario's file can say. */
function hookInto({ blocked, heavyTail }: Partial<Case>, seed: number): void {
  let clock: VirtualClock | undefined;
  VirtualClock.prototype.run = function (this: VirtualClock, ...args) {
    clock = this;
    return run.apply(this, args);
  };
  const hooked = new Set<Rooms>();
  const need: RoomNeed = { capacity: [0], provisioning: [], subnets: [] };
  const block = (rooms: Rooms, { places, from = 0, until }: NonNullable<Case['blocked']>) =>
    clock?.at(LAB_EPOCH_MS + from * 1000, () => {
      const held = Array.from({ length: places }, () => rooms.hold(need, undefined));
      if (until === undefined) return;
      clock?.at(LAB_EPOCH_MS + until * 1000, () => {
        for (const each of held) rooms.release(each, 'STOPPED', true);
      });
    });
  Rooms.prototype.admit = admit;
  if (blocked) {
    Rooms.prototype.admit = function (this: Rooms, ...args) {
      if (!hooked.has(this)) block(this, blocked);
      hooked.add(this);
      return admit.apply(this, args);
    };
  }
  TaskLives.prototype.of = of;
  if (heavyTail) {
    const { medianSeconds, sigma, mostSeconds } = heavyTail;
    TaskLives.prototype.of = function (this: TaskLives, call, place) {
      const random = randomStream(seed, `tail/${call}/${place}`);
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const runSeconds = Math.min(mostSeconds, medianSeconds * Math.exp(sigma * normal));
      return { ...of.call(this, call, place), runSeconds };
    };
  }
}

/** Of the others' calls until the last owed one started, how many found no room. */
function burstsRefused({ ledger, oracle }: Run, untilMs: number): number {
  const calls = ledger.calls.filter(({ caller, madeAt }) => caller.startsWith('burst') && madeAt <= untilMs);
  return calls.filter((call) => oracle.foundNoRoom(call)).length / Math.max(1, calls.length);
}

async function measure(name: string, seed: number) {
  const scenario = scenarioOf(name, seed);
  hookInto(CASES[name] ?? {}, seed);
  const { report: figures, run, violations } = await report(scenario);
  const { room } = figures;
  if (!room) throw new Error(`${name}: found no room in the scenario, expected one`);
  let points = 100 * (room.othersRefusedShare - room.othersRefusedShareWithout);
  if (scenario.callers.some((each) => each.name.startsWith('burst'))) {
    const untilMs = Math.max(...[...run.oracle.fates.finite()].map(({ startedByUsAt }) => startedByUsAt ?? 0));
    const without = await play(scenario, { enabled: false, judged: true });
    points = 100 * (burstsRefused(run, untilMs) - burstsRefused(without, untilMs));
  }
  return { points, room, figures, violations };
}

const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '1' } },
  allowPositionals: true,
});
for (const name of positionals.length > 0 ? positionals : Object.keys(CASES)) {
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const { points, room, figures, violations } = await measure(name, seed);
    const { started, gaveUp, refused } = figures.reruns;
    console.log(
      `${name} ${seed}: ${room.ratio?.toFixed(3)} / ${figures.ecs.callsPerOwed?.toFixed(3)} / ${points.toFixed(2)}  ${room.seconds.toFixed(0)}/${room.limitSeconds.toFixed(0)} s, refused ${room.refused}, owed ${figures.calls.owed}, started ${started}, ${JSON.stringify({ gaveUp, refused, violations })}, cpu ${(process.cpuUsage().user / 1e6).toFixed(0)} s`,
    );
  }
}
