/** What an alarm tells the person who receives it. */
export interface AlarmText {
  /** Heading of its section in the runbook. */
  readonly heading: string;
  /** `critical`: calls are being lost, or failures would go unnoticed. `warning`: something else covers it for now. `information`: nothing to do. */
  readonly severity: 'critical' | 'warning' | 'information';
  /** What a person should do. */
  readonly advice: string;
}

export const RUNBOOK = 'docs/runbook.md';

/** An alarm's description: how bad it is, what to do, and the link to its section of the runbook. */
export function describeAlarm({ heading, severity, advice }: AlarmText): string {
  // The anchor that Markdown viewers derive from the heading.
  return `${severity}: ${advice} ${RUNBOOK}#${heading.toLowerCase().replaceAll(' ', '-')}`;
}
