import type { Settings } from '../../lambda/core/settings.ts';
import { CRON_ROLE, rerunOf, SETTINGS } from '../support/records.ts';
import { type Faults, type Mutations, NO_FAULTS, type World } from './state.ts';

const { clientToken, count: _, ...request } = JSON.parse(JSON.stringify(rerunOf().request));
/** The caller's request, as ECS compares it. */
export const CALLER_REQUEST: object = request;
/** What the owner allows where the caller hands over. */
export const HANDS_OVER = { callers: [{ arn: CRON_ROLE, handsOver: true }] };
/** 03:30, well within an hour. */
const START_MS = Date.UTC(2026, 0, 15, 3, 30, 0);

export interface Changes extends Partial<Omit<World, 'faults' | 'settings' | 'mutations'>> {
  readonly faults?: Partial<Faults>;
  readonly settings?: Partial<Settings>;
  readonly mutations?: Mutations;
}

/** A world of one call for one task, without faults, changed as said. */
export function worldOf({ faults, settings, mutations = {}, ...changes }: Changes): World {
  return {
    instants: [0, 40, 3310, 90_000],
    startMs: START_MS,
    count: 1,
    clientToken,
    callerAttempts: 2,
    callerUntil: 0,
    callerAcceptedUntil: Number.POSITIVE_INFINITY,
    rejectedRecords: 'full',
    handsOver: false,
    key: undefined,
    copies: 1,
    recordDiffers: false,
    sweepsAt: [],
    ...changes,
    faults: { ...NO_FAULTS, ...faults },
    settings: { ...SETTINGS, ...((changes.handsOver || changes.key) && HANDS_OVER), ...settings },
    mutations,
  };
}
