/** How long and how much. */
export interface Plan {
  readonly rounds: number
  readonly warmUpSeconds: number
  readonly saturatedSeconds: number
  readonly halfLoadSeconds: number
  /** Whether the peers too are measured at half load. */
  readonly peersAtHalfLoad: boolean
  /** Different API keys, and as many tokens. */
  readonly keys: number
  /** Tokens that are revoked one by one. */
  readonly revokedTokens: number
  readonly workers: WorkersPlan
  readonly growth: GrowthPlan
}

export interface WorkersPlan {
  readonly rounds: number
  /** In each round, of each kind; as many at small concurrency. Each forks a PostgreSQL backend, which takes milliseconds. */
  readonly calls: number
  /** Of which the round trips are counted one by one. */
  readonly counted: number
}

export interface GrowthPlan {
  /** What growth starts from; these alone are exchanged. */
  readonly fewKeys: number
  readonly keyRows: number
  readonly sessionRows: number
  readonly expiredRows: number
  readonly pruneSeconds: number
  readonly distinctKeys: number
  readonly starts: number
}

export const fullPlan: Plan = {
  rounds: 5,
  warmUpSeconds: 1,
  saturatedSeconds: 3,
  halfLoadSeconds: 3,
  peersAtHalfLoad: true,
  keys: 4000,
  revokedTokens: 1000,
  workers: { rounds: 3, calls: 150, counted: 15 },
  growth: {
    fewKeys: 1000,
    keyRows: 1_000_000,
    sessionRows: 5_000_000,
    expiredRows: 300_000,
    pruneSeconds: 130,
    // Four times what the memories hold: whether they are bounded shows after they are full.
    distinctKeys: 200_000,
    starts: 7,
  },
}

/** Shows in less than two minutes that all servers and jobs work. Its figures are not worth quoting. */
export const quickPlan: Plan = {
  rounds: 1,
  warmUpSeconds: 0,
  saturatedSeconds: 1,
  halfLoadSeconds: 1,
  peersAtHalfLoad: false,
  keys: 150,
  revokedTokens: 50,
  workers: { rounds: 1, calls: 50, counted: 5 },
  growth: {
    fewKeys: 300,
    keyRows: 20_000,
    sessionRows: 50_000,
    expiredRows: 20_000,
    pruneSeconds: 70,
    distinctKeys: 2000,
    starts: 2,
  },
}
