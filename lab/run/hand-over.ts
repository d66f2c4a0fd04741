import type { Moment } from '../faults/faults.ts';
import { AwsError } from '../kernel/aws-service.ts';
import type { VirtualClock } from '../kernel/clock.ts';
import type { JsonObject } from '../kernel/json.ts';
import { type Random, uniform } from '../kernel/random.ts';

/** How ECS answered the attempts of a call that is handed over. */
export interface HandedOverAttempts {
  /** Of the first attempt, in milliseconds since the epoch. */
  readonly firstAttemptAt: number;
  /** The last answer: an error with the request ids of all attempts, or tasks and failures. */
  readonly answer:
    | { readonly error: { readonly code: string; readonly message: string; readonly requestIds: readonly string[] } }
    | { readonly answer: { readonly tasks: readonly string[]; readonly failures: readonly JsonObject[] } };
}

/** The message about a call that was attempted: its request as the client sent it, with its token. */
export function attemptedMessage(request: JsonObject, { firstAttemptAt, answer }: HandedOverAttempts): string {
  return JSON.stringify({ request, ...answer, firstAttemptAt: new Date(firstAttemptAt).toISOString() });
}

/** The message about a call that nobody attempted: the key takes the place of the token. */
export function unattemptedMessage(request: JsonObject, key: string): string {
  return JSON.stringify({ request, key });
}

const TRIES = 3;
/** Base delay of the SDK's backoff where nothing was throttled. */
const BACKOFF_MS = 50;

export interface SendingOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  /** Sends once; throws what the queue answers. */
  readonly send: () => void;
  readonly copies: number;
  /** How likely a send fails for a reason of the caller's own: before or after its effect, with even odds. */
  readonly errorProbability: number;
  readonly onDone: () => void;
}

/** Sends a message as often as it is to come, one copy after the other, each with three tries. */
export function sendCopies(options: SendingOptions): void {
  const { clock, random, send, copies, errorProbability, onDone } = options;
  const copy = (n: number): void => {
    if (n > copies) onDone();
    else attempt(n, 1);
  };
  const attempt = (n: number, tries: number): void => {
    const failsAt = errorProbability > 0 && random() < errorProbability ? evenOdds(random) : undefined;
    try {
      if (failsAt === 'before') throw brokenSend();
      send();
      if (failsAt === 'after') throw brokenSend();
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (tries < TRIES) {
        clock.after(uniform(random, [0, BACKOFF_MS * 2 ** (tries - 1)]), () => attempt(n, tries + 1));
        return;
      }
    }
    copy(n + 1);
  };
  copy(1);
}

const evenOdds = (random: Random): Moment => (random() < 0.5 ? 'before' : 'after');
const brokenSend = () => new AwsError('InternalFailure', 'injected by the scenario', { status: 500 });
