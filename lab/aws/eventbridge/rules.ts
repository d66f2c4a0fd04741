import type { Json } from '../../kernel/json.ts';
import type { Deliver } from './event-targets.ts';

export interface RuleOptions extends RuleDescription {
  readonly pattern: Json;
  /** Hand over one event; each target is called once for each delivery. */
  readonly targets: readonly Deliver[];
}

/** A rule that is started by the clock: somebody else does that. */
export interface ScheduleOptions extends RuleDescription {
  readonly schedule: string;
}

/** What is told of a rule to those who ask. */
interface RuleDescription {
  readonly arn: string;
  readonly description?: string | undefined;
  readonly targetArns?: readonly string[] | undefined;
}
