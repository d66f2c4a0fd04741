import * as z from 'zod';

const entry = z.string().min(1);
const seconds = z.number().min(0);

/** Limits of the rate, in permits per second. */
export const rateSettingsSchema = z.strictObject({
  /** The rate at the start of a drain, while the bucket is not known. */
  initialPerSecond: z.number().positive().default(10),
  minPerSecond: z.number().positive().default(0.5),
  maxPerSecond: z.number().positive().default(500),
});
export type RateSettings = z.infer<typeof rateSettingsSchema>;

/**
 * The part of the configuration that handlers need. Constructs pass it to them. The configuration that people write
 * (`lib/config/schema.ts`) extends it.
 */
export const settingsSchema = z.strictObject({
  /** `observe` does everything except the launch. */
  mode: z.enum(['observe', 'rerun']).default('observe'),
  /** Names or ARNs of clusters whose calls may be re-run; a trailing `*` stands for any end, alone for any cluster. */
  clusters: z.array(entry).default([]),
  /** Task definition families that may be re-run; a trailing `*` stands for any end. */
  families: z.array(entry).default([]),
  /** IAM roles and users whose calls may be re-run. */
  callers: z
    .array(
      z.union([
        entry.transform((arn) => ({ arn })),
        z.strictObject({ arn: entry, retriesItself: z.boolean().optional(), handsOver: z.boolean().optional() }),
      ]),
    )
    .default([]),
  /** Role ARNs that a request may use instead of the task definition's. */
  allowedRoleOverrides: z.array(entry).default([]),
  allowExecuteCommand: z.boolean().default(false),
  /** Whether to re-run calls without a client token. Nothing then proves that they run once. */
  allowWithoutClientToken: z.boolean().default(false),
  /** How long to wait for the caller's own retries, from the call's event time. */
  graceSeconds: seconds.default(30),
  /** The most RunTask requests that we make for one call. */
  maxAttempts: z.int().min(1).max(100).default(8),
  /**
   * How long after the call's event time a re-run may launch. ECS remembers a client token for at least one hour (a job of
   * seconds ends at once). Five minutes are taken off for clock differences and the last request.
   */
  deadlineSeconds: z.number().min(60).max(3300).default(3300),
  /** The most tasks that re-runs may launch in one clock hour. More wait for the next hour. Absent: no limit. */
  maxTasksPerHour: z.int().min(1).optional(),
  /** How often a task that fails to start is started again. */
  maxGenerations: z.int().min(0).max(10).default(3),
  /** Sweeps search for missed calls. */
  sweep: z
    .strictObject({
      /** Minutes between scheduled sweeps; 0 for none. */
      everyMinutes: z.int().min(0).max(1440).default(15),
    })
    .prefault({}),
  /** Calls and tasks that found no room: it comes back when tasks end. */
  capacity: z
    .strictObject({
      rerun: z.boolean().default(true),
      /** How long after a call first found no room a re-run may launch. A day is as long as any token of ours is sure to live. */
      deadlineSeconds: z.number().min(60).max(82_800).default(7200),
    })
    .prefault({}),
  rate: rateSettingsSchema.default(() => rateSettingsSchema.parse({})),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Stands in the settings' file for a value that only the deployment knows. No name or ARN looks like it. */
export const settingsPlaceholder = (index: number): string => `{${index}}`;

/** Reads the settings' file; `values` is the list, as JSON, of what placeholders stand for. */
export function readSettings(text: string, values = '[]'): Settings {
  const list = z.array(entry).parse(JSON.parse(values));
  const filled = JSON.parse(text, (_, value) => {
    const [, index] = typeof value === 'string' ? (/^\{(\d+)\}$/.exec(value) ?? []) : [];
    return index === undefined ? value : list[Number(index)];
  });
  return settingsSchema.parse(filled);
}
