import { AwsError, LostConnectionError } from '../kernel/aws-service.ts';
import type { VirtualClock } from '../kernel/clock.ts';
import type { JsonObject } from '../kernel/json.ts';
import { type Random, randomStream, uniform } from '../kernel/random.ts';
import type { Fault, FaultOf } from '../scenario/fault-schema.ts';
import { serverErrorOf, throttleOf } from './service-errors.ts';

/** A second delivery of the same event comes within this time. */
const DUPLICATE_SECONDS = [0, 60] as const;

/** On which side of the work, or of the effect. */
export type Moment = 'before' | 'after';

/** What becomes of one call of ours, instead of its answer. */
export interface Disturbance {
  readonly moment: Moment;
  readonly error: AwsError | LostConnectionError;
}

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

  /** Whether a handler crashes, and when: in this invocation (`work`), or at this SDK call of it (`call`). */
  crash(handler: string, at: FaultOf<'handlerCrash'>['at']): Moment | undefined {
    for (const { fault, random } of this.#of('handlerCrash')) {
      if (fault.handler === handler && fault.at === at && random() < fault.probability) return evenOdds(random);
    }
    return undefined;
  }

  /** Whether a handler cannot be invoked now. */
  isOut(handler: string): boolean {
    return this.#of('outage').some(({ fault }) => fault.handler === handler && this.#isOn(fault));
  }

  /** For how long this invocation of a handler stalls, and when. */
  stall(handler: string): { readonly moment: Moment; readonly milliseconds: number } | undefined {
    for (const { fault, random } of this.#of('slowHandler')) {
      if (fault.handler === handler && random() < fault.probability)
        return { moment: evenOdds(random), milliseconds: uniform(random, fault.seconds) * 1000 };
    }
    return undefined;
  }

  /** By how many milliseconds the clock of a handler or service is fast. */
  skewMs(whose: string): number {
    const skews = this.#of('clockSkew').filter(({ fault }) => (fault.handler ?? fault.service) === whose);
    return skews.reduce((sum, { fault }) => sum + fault.seconds * 1000, 0);
  }

  /** Decides about one call of ours to a service. */
  call(service: string, operation: string): Disturbance | undefined {
    if (this.#of('serviceOutage').some(({ fault }) => fault.service === service && this.#isOn(fault)))
      return { moment: 'before', error: unavailable() };
    for (const { fault, random } of this.#of('serviceError')) {
      const isMeant = fault.service === service && (fault.operation ?? operation) === operation;
      if (isMeant && random() < fault.probability) return disturbance(fault, random);
    }
    return undefined;
  }

  #isOn({ from, seconds }: { readonly from: number; readonly seconds: number }): boolean {
    const now = this.#clock.elapsedSeconds();
    return now >= from && now < from + seconds;
  }

  #of<Kind extends Fault['kind']>(kind: Kind) {
    return this.#faults.filter((entry): entry is { fault: FaultOf<Kind>; random: Random } => entry.fault.kind === kind);
  }
}

function disturbance({ service, error }: FaultOf<'serviceError'>, random: Random): Disturbance {
  switch (error) {
    case 'serverError':
      return { moment: evenOdds(random), error: serverErrorOf(service) };
    case 'throttling':
      // Whoever is throttled has had no effect.
      return { moment: 'before', error: throttleOf(service) };
    case 'timeout':
      return { moment: evenOdds(random), error: new LostConnectionError() };
    default:
      return error satisfies never;
  }
}

const unavailable = () => new AwsError('ServiceUnavailable', 'injected by the scenario', { status: 503 });
const evenOdds = (random: Random): Moment => (random() < 0.5 ? 'before' : 'after');
