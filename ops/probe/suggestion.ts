import type { AwsEnvironment } from '../../lambda/core/arn.ts';
import { ConfigurationError, readConfiguration } from '../../lib/config/read-config.ts';
import type { Facts } from './facts.ts';

const LACKING: readonly string[] = ['bareRecord', 'missingParameters', 'hiddenEnvironment'];

/**
 * A configuration for what was lost, to be pasted under the context key of cdk.json: it only observes, so that nothing is run
 * before somebody has looked at it. Names that no configuration takes are left out.
 */
export function suggestConfiguration(facts: Facts, place: AwsEnvironment | undefined): Record<string, unknown> {
  const callers = new Map<string, boolean>();
  const families = new Set<string>();
  const clusters = new Set<string>();
  const wants = (caller: string, handsOver: boolean, family: string | null, cluster: string | null) => {
    if (facts.calls.launching.has(caller)) return;
    callers.set(caller, (callers.get(caller) ?? false) || handsOver);
    if (family !== null) families.add(family);
    if (cluster !== null) clusters.add(cluster);
  };
  for (const { caller, family, cluster, loss, isAccepted, verdict } of facts.calls.calls) {
    if (!loss || isAccepted) continue;
    wants(caller, verdict?.kind === 'refuse' && LACKING.includes(verdict.reason), family, cluster);
  }
  for (const { caller, family } of facts.calls.lone) {
    wants(caller, true, family, null);
    // What its bare records asked for nobody knows: what it usually runs is the best guess.
    for (const usual of facts.requests.get(caller)?.values() ?? []) wants(caller, true, usual.family, usual.cluster);
  }
  for (const { taskArn, family, cluster } of facts.failedStarts) {
    const launcher = facts.calls.launcherOf(taskArn);
    if (launcher && !launcher.isWatched) wants(launcher.caller, false, family, cluster);
  }
  const common = { mode: 'observe', cloudTrail: 'existing' };
  const isTaken = (lists: object) => {
    try {
      readConfiguration({ ...common, ...lists }, place);
      return true;
    } catch (error) {
      if (error instanceof ConfigurationError) return false;
      throw error;
    }
  };
  const entries = [...callers].toSorted().map(([arn, handsOver]) => (handsOver ? { arn, handsOver: true } : arn));
  return {
    ...common,
    clusters: [...clusters].toSorted().filter((name) => isTaken({ clusters: [name] })),
    families: [...families].toSorted().filter((name) => isTaken({ families: [name] })),
    callers: entries.filter((entry) => isTaken({ callers: [entry] })),
  };
}
