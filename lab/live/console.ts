import { ConsoleRecorder } from '../console/recorder.ts';
import { liveFragments, renderLivePage } from '../html/live-page.ts';
import type { VirtualClock } from '../kernel/clock.ts';
import { roomOverTime } from '../report/room-series.ts';
import { Series } from '../report/series.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { tee } from '../world/observers.ts';
import type { Observer, World } from '../world/world.ts';
import type { Page } from './endpoint.ts';

/** What people see of the live lab in a browser. */
export class LiveConsole {
  readonly #series = new Series();
  readonly #recorder = new ConsoleRecorder();
  readonly #scenario: Scenario;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  readonly listen = (clock: VirtualClock): Observer => tee(this.#series.listen(clock), this.#recorder.listen(clock));

  /** The page, and the state that it asks for; undefined where there is nothing at a path. */
  async page(path: string, world: World, clock: VirtualClock): Promise<Page | undefined> {
    const { name, account } = this.#scenario;
    if (path === '/') return { contentType: 'text/html', body: await renderLivePage(name, account.room.length > 0) };
    if (path !== '/console/state') return undefined;
    const view = await this.#recorder.view(world.sns.published);
    const { clusterResourceModify, fargateRunTask } = account.buckets;
    const run = {
      counts: this.#series.counts,
      room: roomOverTime(account.room, world.ecs.rooms.changes, clock.startedAt),
      refillPerSecond: Math.min(clusterResourceModify.refillPerSecond, fargateRunTask?.refillPerSecond ?? Infinity),
      now: clock.elapsedSeconds(),
    };
    const body = JSON.stringify({ view, fragments: liveFragments(run, view) });
    return { contentType: 'application/json', body };
  }
}
