import type { Faults, Moment } from '../../faults/faults.ts';
import { LostConnectionError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Random, uniform } from '../../kernel/random.ts';
import type { Usage } from '../../report/cost.ts';
import { billedItems } from '../dynamodb/requested-items.ts';

/** How long a request to an AWS service takes, there and back. */
const REQUEST_SECONDS = [0.005, 0.03] as const;

/** Stands between one of ours and a service. */
export type RequestMiddleware = <T>(
  service: string,
  operation: string,
  call: () => T | Promise<T>,
  input: JsonObject,
) => Promise<T>;

export interface RequestMiddlewareOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly faults: Pick<Faults, 'call'>;
  /** Counts what AWS would bill. */
  readonly usage: Pick<Usage, 'called'>;
  /** How long a client waits for an answer that does not come. */
  readonly timeoutMs: number;
}

/** The way to a service and back, the bill, and what a scenario's faults do on the way. */
export function makeRequestMiddleware({
  clock,
  random,
  faults,
  usage,
  timeoutMs,
}: RequestMiddlewareOptions): RequestMiddleware {
  const latency = () => uniform(random, REQUEST_SECONDS) * 1000;
  return async (service, operation, call, input) => {
    const disturbance = faults.call(service, operation);
    const disturb = (moment: Moment) => {
      if (disturbance?.moment === moment) throw disturbance.error;
    };
    try {
      await clock.sleep(latency());
      usage.called(service, operation, billedItems(input));
      disturb('before');
      const answer = await call();
      disturb('after');
      await clock.sleep(latency());
      return answer;
    } catch (error) {
      if (error instanceof LostConnectionError) await clock.sleep(timeoutMs);
      throw error;
    }
  };
}
