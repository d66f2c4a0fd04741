/** Executions by status, of the last thousand at most. */
export type Counts = Readonly<Record<string, number>>;

/** Something that keeps calls from being brought back, or people from hearing of it. */
export interface Problem {
  readonly what: string;
  readonly found: string;
  readonly fix: string;
}

/** Whether the stack is able to bring calls back now. What cannot be known is null. */
export interface Status {
  readonly stack: string;
  readonly region: string;
  /** Null where a part that it hangs on could not be asked about. */
  readonly able: boolean | null;
  readonly mode: string | null;
  readonly isPaused: boolean;
  readonly listed: { readonly callers: number; readonly families: number; readonly clusters: number } | null;
  readonly rules: readonly { readonly name: string; readonly isEnabled: boolean | null }[];
  readonly eventSources: readonly { readonly name: string; readonly isEnabled: boolean | null }[];
  readonly trails: readonly { readonly name: string; readonly isLogging: boolean }[] | null;
  readonly waiting: Readonly<Record<string, number | null>>;
  readonly rate: {
    readonly perSecond: number;
    readonly bucket: { readonly burst: number; readonly refillPerSecond: number } | null;
  } | null;
  readonly lastResults: Counts | null;
  readonly alarms: readonly string[] | null;
  readonly subscriptions: { readonly confirmed: number; readonly pending: number } | null;
  readonly problems: readonly Problem[];
}

export const problem = (what: string, found: string, fix: string): Problem => ({ what, found, fix });
