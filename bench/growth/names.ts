/** What grows: rows, the work of pruning, memory; and how long a start takes. */
export const growthParts = ['rows', 'pruning', 'memory', 'start'] as const

export type GrowthPart = (typeof growthParts)[number]
