import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordFiles } from '../../lab/report/record-files.ts';
import { report } from '../../lab/report/report.ts';
import type { CallFate } from '../../lab/run/fates.ts';
import type { Oracle } from '../../lab/run/oracle.ts';
import type { Scenario } from '../../lab/scenario/scenario.ts';
import { tee } from '../../lab/world/observers.ts';
import type { Observer } from '../../lab/world/world.ts';
import type { AuditVerdict } from '../../ops/audit/judge.ts';
import { ops } from './ops.ts';

/** What the lab knows of a call, in the audit's words. `notOwed`: nobody had to bring it back. */
type Known = 'ranOnce' | 'ranTwice' | 'lost' | 'refused' | 'notOwed';

/** A call of which the audit says something else than the lab knows. */
interface Difference {
  readonly call: string;
  readonly known: Known;
  readonly audited: readonly string[];
}

export interface AuditedRun {
  readonly exitCode: number;
  /** How many calls the lab knows of, by what it knows. */
  readonly known: Readonly<Record<string, number>>;
  readonly differences: readonly Difference[];
  /** Of the lab's own report. */
  readonly invariants: { readonly lost: number; readonly duplicated: number };
}

/** Plays a scenario, audits the records that it leaves, and compares call by call with what the lab saw. */
export async function auditedRun(scenario: Scenario): Promise<AuditedRun> {
  const directory = mkdtempSync(join(tmpdir(), 'audited-'));
  try {
    const files = new RecordFiles(directory);
    const references = new References();
    const { run, report: figures } = await report(scenario, {
      observe: (clock) => tee(files.listen(clock), references.listen),
    });
    files.conclude(run);
    const { exitCode, stdout } = await ops(['audit', '--json', '--records', directory]);
    const { verdicts } = JSON.parse(stdout) as { verdicts: AuditVerdict[] };
    for (const { call } of run.oracle.fates.finite()) for (const id of call.messageIds) references.of(call, id);
    const audited = Map.groupBy(verdicts, (verdict) => references.find(verdict));
    const known: Record<string, number> = {};
    const differences: Difference[] = [];
    for (const { request } of run.ledger.calls) {
      const reference = String(request.referenceId);
      const fate = run.oracle.fates.of(reference);
      if (!fate) continue;
      const label = knownOf(fate, run.oracle);
      known[label] = (known[label] ?? 0) + 1;
      const said = (audited.get(reference) ?? []).map(({ verdict, reason }) =>
        reason ? `${verdict} ${reason}` : verdict,
      );
      if (!agrees(label, said)) differences.push({ call: reference, known: label, audited: said });
    }
    const strange = (audited.get(undefined) ?? []).filter(
      ({ verdict }) => verdict === 'ranTwice' || verdict === 'lost',
    );
    for (const { verdict } of strange) differences.push({ call: 'unknown', known: 'notOwed', audited: [verdict] });
    return { exitCode, known, differences, invariants: figures.invariants };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function knownOf(fate: CallFate, oracle: Oracle): Known {
  if (fate.running > fate.count) return 'ranTwice';
  if (!oracle.owes(fate)) return 'notOwed';
  if (oracle.isLost(fate)) return 'lost';
  return fate.running >= fate.count ? 'ranOnce' : 'refused';
}

function agrees(known: Known, said: readonly string[]): boolean {
  const kinds = said.map((each) => each.split(' ')[0]);
  if (known === 'notOwed') return !kinds.includes('lost') && !kinds.includes('ranTwice');
  // A scheduler that starts a call anew makes another one of it: one of them is what came of it.
  const worst = ['ranTwice', 'lost', 'ranOnce', 'refused'].find((kind) => kinds.includes(kind));
  return worst === known;
}

/** Which call of the scenario a record, task or message is of. */
class References {
  readonly #references = new Map<string, string>();

  readonly listen: Partial<Observer> = {
    request: ({ eventId, input, outcome }) => {
      const { referenceId } = input;
      if (typeof referenceId !== 'string') return;
      this.#references.set(eventId, referenceId);
      if (!('output' in outcome)) return;
      const { tasks } = outcome.output();
      if (!Array.isArray(tasks)) return;
      for (const { taskArn } of tasks as { taskArn: string }[]) this.#references.set(taskArn, referenceId);
    },
  };

  of(call: CallFate['call'], id: string): void {
    this.#references.set(id, String(call.request.referenceId));
  }

  find({ eventIds, taskArns, messageIds }: AuditVerdict): string | undefined {
    const id = [...eventIds, ...messageIds, ...taskArns].find((each) => this.#references.has(each));
    return id === undefined ? undefined : this.#references.get(id);
  }
}
