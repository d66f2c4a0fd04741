/** The configuration of most scenarios: calls of `cron` for `report` on `batch` may be re-run. */
export const CRON_REPORTS = {
  mode: 'rerun' as const,
  clusters: ['batch'],
  families: ['report'],
  callers: ['arn:aws:iam::111122223333:role/cron'],
};
