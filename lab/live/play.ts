import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Faults } from '../faults/faults.ts';
import type { JsonObject } from '../kernel/json.ts';
import { WallClock } from '../kernel/wall-clock.ts';
import { Usage } from '../report/cost.ts';
import type { CallLedger } from '../run/call-ledger.ts';
import { startCallers } from '../run/callers.ts';
import { Oracle } from '../run/oracle.ts';
import { Records } from '../run/run-records.ts';
import { clockErrorMs } from '../scenario/fault-schema.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { mergedConfiguration } from '../stack/synthesize.ts';
import { deploy } from '../world/deployment.ts';
import { tee } from '../world/observers.ts';
import type { SandboxOptions } from '../world/sandbox.ts';
import { type Observer, World } from '../world/world.ts';
import { bundle } from './assembly.ts';
import { FunctionProcess } from './function-process.ts';

/** What is known of a live run, while it goes on and at its end. */
export interface LiveRun {
  readonly world: World;
  readonly oracle: Oracle;
  readonly records: Records;
}

export interface LiveOptions {
  readonly isOver: (run: LiveRun) => boolean;
  /** A run that is not over by then has failed. */
  readonly limitSeconds: number;
  readonly observer: Partial<Observer>;
}

/** Plays a scenario on real time: the handlers as they are deployed, in processes of their own, over HTTP. */
export async function playLive(scenario: Scenario, options: LiveOptions): Promise<LiveRun> {
  const { account, seed } = scenario;
  const outdir = mkdtempSync(join(tmpdir(), 'live-'));
  const processes: FunctionProcess[] = [];
  try {
    const configuration = mergedConfiguration(scenario.remediation.config);
    const { template, code } = bundle(configuration, { account: account.id, region: account.region }, outdir);
    const createSandbox = (sandbox: SandboxOptions) => {
      const functionCode = code.get(sandbox.handler);
      if (!functionCode) throw new Error(`${sandbox.handler}: expected the template to have its function`);
      const started = new FunctionProcess(sandbox, functionCode);
      processes.push(started);
      return started;
    };

    const clock = new WallClock();
    const records = new Records({ oracle: () => oracle, now: clock.now, onProgress: () => {} });
    const world = new World({
      clock,
      scenario,
      faults: new Faults(scenario.faults, seed, clock),
      observer: tee(records, options.observer),
      usage: new Usage(),
      createSandbox,
    });
    const oracle = new Oracle({
      configuration,
      ledger: () => ledger,
      isOurs: world.isOurs,
      account,
      clockErrorMs: clockErrorMs(scenario.faults),
    });
    world.ecs.onTask(oracle.fates.task);
    deploy(world, template);
    const ledger: CallLedger = startCallers({
      clock,
      ecs: world.ecs,
      callers: scenario.callers,
      seed,
      isOver: () => false,
      handOver: (call, body) => {
        const id = world.handOver(call.principal, body);
        records.handedOver(call, id);
        return id;
      },
    });
    for (const { at, event } of scenario.events) {
      clock.at(clock.startedAt + at * 1000, () => world.bus.put(event as JsonObject));
    }

    const run = { world, oracle, records };
    const isOver = () => world.hasFailed || options.isOver(run);
    await clock.run({ until: clock.startedAt + options.limitSeconds * 1000, isOver });
    world.check();
    if (!isOver()) {
      const found = `${world.states.open} open executions and ${records.unanswered.size} events without a verdict`;
      throw new Error(`found ${found}, expected the run to be over within ${options.limitSeconds} s`);
    }
    const strays = processes.flatMap(({ strayLines }) => strayLines);
    // CloudWatch would keep them, and no query, metric or alarm could read them.
    if (strays.length > 0) throw new Error(`found lines that are no JSON, expected none:\n${strays.join('\n')}`);
    return run;
  } finally {
    for (const each of processes) each.kill();
    rmSync(outdir, { recursive: true, force: true });
  }
}
