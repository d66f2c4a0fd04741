import { type AwsEnvironment, clusterName } from '../arn.ts';
import type { ThrottleEvent } from '../events/event.ts';
import { shownArn, shownFamily, shownId, shownInstant } from './names.ts';

/** What people look a call up by. */
export type Trace =
  | { readonly kind: 'execution'; readonly arn: string }
  | { readonly kind: 'event'; readonly id: string }
  | { readonly kind: 'message'; readonly id: string }
  | { readonly kind: 'task'; readonly arn: string };

/** The first call of a group: when and where it was made, and what it is found by. */
export interface FirstCall {
  readonly at?: string;
  readonly cluster?: string;
  readonly trace?: Trace;
  /** The room that it waited for. */
  readonly room?: string;
}

/** The call that an event tells of. */
export function callOfEvent(event: ThrottleEvent, awsEnvironment: AwsEnvironment): FirstCall {
  switch (event.kind) {
    case 'handedOverCall':
      return first(event.sentAtMs, event.request, { kind: 'message', id: event.messageId }, awsEnvironment);
    case 'stoppedTask':
      return first(
        event.stoppedAtMs,
        { cluster: event.clusterArn },
        { kind: 'task', arn: event.taskArn },
        awsEnvironment,
      );
    case 'runTaskRecord':
      return first(event.eventTimeMs, event.requestParameters, { kind: 'event', id: event.eventId }, awsEnvironment);
    case 'otherCallRecord':
      return first(event.eventTimeMs, null, { kind: 'event', id: event.eventId }, awsEnvironment);
    default:
      return event satisfies never;
  }
}

function first(atMs: number, request: unknown, trace: Trace, awsEnvironment: AwsEnvironment): FirstCall {
  const { cluster: reference } = (request ?? {}) as { cluster?: unknown };
  // Of a record that holds no request nobody knows it, and it is not the default one.
  const cluster = typeof reference === 'string' ? clusterName(reference, awsEnvironment) : undefined;
  return { at: new Date(atMs).toISOString(), ...(cluster && { cluster }), trace };
}

/** The same, as far as it may be shown. */
export function shownFirst({ at = '', cluster = '', trace, room }: FirstCall): FirstCall {
  const [instant, name, found] = [shownInstant(at), shownFamily(cluster), trace && shownTrace(trace)];
  return {
    ...(instant && { at: instant }),
    ...(name && { cluster: name }),
    ...(found && { trace: found }),
    ...(room && { room }),
  };
}

function shownTrace(trace: Trace): Trace | undefined {
  const isShown = 'arn' in trace ? shownArn(trace.arn) : shownId(trace.id);
  return isShown ? trace : undefined;
}
