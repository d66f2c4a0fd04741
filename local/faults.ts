import { AwsError } from './aws/service.ts';
import type { VirtualClock } from './kernel/clock.ts';
import type { JsonObject } from './kernel/json.ts';
import { type Random, randomStream, uniform } from './kernel/random.ts';
import type { Fault } from './scenario.ts';

/** A second delivery of the same event comes within this time. */
const DUPLICATE_SECONDS = [0, 60] as const;

type Moment = 'before' | 'after';
type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

/** What goes wrong in a run: every draw out of a stream of its own fault, so that faults do not disturb each other. */
export class Faults {
  readonly #faults: readonly { readonly fault: Fault; readonly random: Random }[];
  readonly #clock: VirtualClock;

  constructor(faults: readonly Fault[], seed: number, clock: VirtualClock) {
    this.#faults = faults.map((fault, index) => ({
      fault,
      random: randomStream(seed, `fault/${index}/${fault.kind}`),
    }));
    this.#clock = clock;
  }

  /** After how many milliseconds each copy of an event arrives; none where it is lost. */
  deliveries(event: JsonObject): number[] {
    const isMeant = ({ detailType }: { detailType?: string | undefined }) =>
      detailType === undefined || detailType === event['detail-type'];
    for (const { fault, random } of this.#of('dropEvents')) {
      if (isMeant(fault) && random() < fault.probability) return [];
    }
    let delay = 0;
    for (const { fault, random } of this.#of('delayEvents')) {
      if (isMeant(fault)) delay += uniform(random, fault.seconds) * 1000;
    }
    const delays = [delay];
    for (const { fault, random } of this.#of('duplicateEvents')) {
      if (random() < fault.probability) delays.push(delay + uniform(random, DUPLICATE_SECONDS) * 1000);
    }
    return delays;
  }

  /** Whether this invocation of a handler crashes, and on which side of its work. */
  crash(handler: string): Moment | undefined {
    for (const { fault, random } of this.#of('handlerCrash')) {
      if (fault.handler === handler && random() < fault.probability) return evenOdds(random);
    }
    return undefined;
  }

  /** Whether a handler cannot be invoked now. */
  isOut(handler: string): boolean {
    const now = this.#clock.elapsedSeconds();
    return this.#of('outage').some(
      ({ fault }) => fault.handler === handler && now >= fault.from && now < fault.from + fault.seconds,
    );
  }

  /**
   * Decides about one call of ours to a service: what it returns throws an HTTP 500 when it is asked on the side of the
   * effect that was drawn.
   */
  call(service: string): (moment: Moment) => void {
    for (const { fault, random } of this.#of('serviceError')) {
      if (fault.service === service && random() < fault.probability) {
        const drawn = evenOdds(random);
        return (moment) => {
          if (moment === drawn) throw new AwsError('InternalFailure', 'injected by the scenario', { status: 500 });
        };
      }
    }
    return () => {};
  }

  #of<Kind extends Fault['kind']>(kind: Kind) {
    return this.#faults.filter((entry): entry is { fault: FaultOf<Kind>; random: Random } => entry.fault.kind === kind);
  }
}

const evenOdds = (random: Random): Moment => (random() < 0.5 ? 'before' : 'after');
